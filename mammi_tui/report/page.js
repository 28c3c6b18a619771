"use strict";
// Sorts and filters the cards. Without this script all of them are shown in the order in which they were written.
{
  const list = document.getElementById("cards");
  const cards = Array.from(list.children, (card, place) => ({
    card, place, data: card.dataset, text: card.textContent.toLocaleLowerCase(),
  }));
  const control = (name) => document.getElementById(name);
  const words = control("words"), shown = control("shown"), order = control("order");
  const choices = ["layer", "verdict", "trust"].map((name) => [name, control(name)]);
  const text = (name) => (a, b) => a.data[name].localeCompare(b.data[name]);
  const falling = (name) => (a, b) => b.data[name] - a.data[name];
  const orders = {
    written: () => 0,
    best: text("best"),
    score: falling("score"),
    trust: falling("grade"),
    images: falling("images"),
    verdict: text("verdict"),
  };
  const draw = () => {
    const wanted = words.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ data, text: all }) =>
      wanted.every((word) => all.includes(word)) &&
      choices.every(([name, select]) => !select.value || data[name] === select.value);
    let count = 0;
    for (const each of cards) {
      each.card.hidden = !fits(each);
      count += !each.card.hidden;
    }
    const asked = [words.value.trim(), ...choices.map(([, select]) => select.value)].filter(Boolean);
    shown.textContent = [`${count} of ${cards.length} shown`, ...asked].join(" · ");
  };
  const sort = () => {
    const sorted = [...cards].sort((a, b) => orders[order.value](a, b) || a.place - b.place);
    list.append(...sorted.map((each) => each.card));
  };
  for (const [name, select] of choices) {
    for (const value of new Set(cards.map(({ data }) => data[name]))) select.add(new Option(value, value));
  }
  for (const each of [words, ...choices.map(([, select]) => select)]) each.addEventListener("input", draw);
  order.addEventListener("input", sort);
  control("controls").hidden = false;
  draw();
}
