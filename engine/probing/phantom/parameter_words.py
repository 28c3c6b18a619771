"""Nouns that name the anatomical parameters of phantoms (anatomy.py), by high and low values.

A parameter that has no name of its own, such as the angle of the ribs, has the name of its organ (the ribs).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParameterWords:
    """The nouns that name one anatomical parameter."""

    always: tuple[str, ...]
    """Words for any value"""
    high: tuple[str, ...] = ()
    low: tuple[str, ...] = ()


_HEART = ("heart", "heart size", "silhouette", "cardiac silhouette")
_LARGE = ("cardiomegaly", "enlargement", "enlarged heart", "cardiac enlargement")
_RIBS = ("rib", "ribs", "cage", "rib cage", "thoracic cage")
_SOFT = ("tissue", "tissues", "soft tissue", "soft tissues")
_TECHNIQUE = ("technique", "quality", "image quality")

PARAMETER_WORDS: dict[str, ParameterWords] = {
    "heart_width": ParameterWords(_HEART, high=_LARGE),
    "cardiothoracic_ratio": ParameterWords((*_HEART, "cardiothoracic ratio"), high=_LARGE),
    "heart_share_left": ParameterWords(_HEART),
    "thorax_width": ParameterWords(("thorax", "chest", "hemithorax", "cage", "rib cage", "thoracic cage", "habitus")),
    "lung_height": ParameterWords(("lung volume", "lung volumes", "volume", "volumes"), high=("hyperinflation",)),
    "inspiration": ParameterWords(
        ("inspiration", "effort", "inspiratory effort", "lung volume", "lung volumes", "volume", "volumes"),
        high=("good inspiration", "hyperinflation"),
        low=("poor inspiration", "low lung volumes", "low volumes", "limited inspiratory effort"),
    ),
    "aortic_knob": ParameterWords(("aorta", "aortic arch", "aortic knob", "arch", "knob")),
    "breast_size": ParameterWords(("breast", "breasts", *_SOFT), high=("woman", "female"), low=("man", "male")),
    "body_size": ParameterWords(("habitus", "body habitus", "body", *_SOFT), high=("obesity", "large body habitus")),
    "rib_tilt": ParameterWords(_RIBS),
    "rib_spacing": ParameterWords(_RIBS),
    "scoliosis": ParameterWords(("scoliosis", "curvature", "spine", "thoracic spine")),
    "vascularity": ParameterWords(
        ("vasculature", "pulmonary vasculature", "vessels", "pulmonary vessels", "vascularity"),
        high=("congestion", "vascular congestion"),
    ),
    "rotation": ParameterWords(("rotation", "patient rotation")),
    "tilt": ParameterWords(("tilt", "obliquity")),
    "exposure": ParameterWords(("exposure", "penetration", *_TECHNIQUE)),
    "contrast": ParameterWords(("contrast", *_TECHNIQUE)),
    "noise": ParameterWords(("noise", "mottle", "grain", *_TECHNIQUE)),
    "sharpness": ParameterWords(("sharpness", *_TECHNIQUE), low=("blur", "motion")),
    "centre_x": ParameterWords(("position", "positioning", "centring", "centering")),
    "centre_y": ParameterWords(("position", "positioning", "centring", "centering")),
    "magnification": ParameterWords(("magnification",)),
    "gas_bubble": ParameterWords(("gas", "bubble", "gas bubble", "gastric bubble", "stomach")),
    "collimation": ParameterWords(("collimation", "border", "borders")),
    "marker_left": ParameterWords(("marker", "side marker", "left marker")),
    "marker_height": ParameterWords(("marker", "side marker")),
    "marker_size": ParameterWords(("marker", "side marker")),
}

VIEW_WORDS: dict[str, tuple[str, ...]] = {
    "AP": ("ap", "ap view", "anteroposterior", "portable", "portable film", "bedside", "supine"),
    "PA": ("pa", "pa view", "posteroanterior", "upright"),
}
