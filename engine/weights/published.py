"""Published weights, tokenizers and lists that the paper's setting and the sample configurations use, and where to get
them.

The addresses were not opened when this list was written; `source` says where each comes from. A checksum is given only
where the publisher shows it, or from a copy of the publisher's repository; that of any other file is remembered at its
first download (engine.weights.sums). Files on Hugging Face and GitHub belong to one commit, which cannot change.
"""

from __future__ import annotations

from engine.weights import torchxrayvision
from engine.weights.entry import Entry, Published, hugging_face, hugging_face_url

_MEDCLIP = "https://storage.googleapis.com/pytrial/medclip"
_MEDICAL_MAE = "https://github.com/lambert-x/medical_mae"
_BIO_CLINICALBERT_REVISION = "0aa3af6be2703318323bbe5c7673511f5da26408"
_BIOMEDCLIP = "microsoft/BiomedCLIP-PubMedBERT_256-vit_base_patch16_224"
_BIOMEDCLIP_REVISION = "9f341de24bfb00180f1b847274256e9b65a3a32e"
_MPNET = "sentence-transformers/all-mpnet-base-v2"
_MPNET_REVISION = "84f2bcc00d77236f9e89c8a360a00fb1139bf47d"
_MAMMI = "ailab-kyunghee/MAMMI/37229297cbd4e3d84078d104e22691589a979236"
_CLIP_DISSECT = "Trustworthy-ML-Lab/CLIP-dissect/21e7697feaea3bf7d7bc2d2cc8e4047d5f5fd502"


def _github(commit: str, path: str, size: int, sha256: str) -> Published:
    return Published(f"https://raw.githubusercontent.com/{commit}/{path}", size, sha256)


CATALOGUE: tuple[Entry, ...] = (
    Entry(
        "densenet121-mocov2-nih14",
        "the paper's target: DenseNet121, MoCo v2 on X-rays, fine-tuned on NIH ChestX-ray14",
        "https://drive.google.com/file/d/1p4yKXYJG82FHpGRji2bK98xqeJ2J3sn5/view",
        f"README of {_MEDICAL_MAE}, column Finetuned",
        by_hand=("densenet121_CXR_0.3M_mocov2.pth",),
    ),
    Entry(
        "resnet50-mocov2-nih14",
        "the paper's second target: ResNet50, MoCo v2 on ImageNet, fine-tuned on NIH ChestX-ray14",
        "https://drive.google.com/file/d/18XCBzJW5x0foEjWcQhpzVPpv_YEcdePk/view",
        f"README of {_MEDICAL_MAE}, column Finetuned",
        by_hand=("resnet50_imagenet_mocov2.pth",),
    ),
    Entry(
        "densenet121-mocov2-nih14-copy",
        "someone else's copy of densenet121-mocov2-nih14 as safetensors; not compared with the authors' file",
        "https://huggingface.co/1aurent/densenet121.medmae_CXR_mocov2_ft_CXR",
        "the repository's list of files",
        hugging_face(
            "1aurent/densenet121.medmae_CXR_mocov2_ft_CXR",
            "b25d835bf9a63586c16c26892f7eea473a68797e",
            "model.safetensors",
        ),
        licence="Apache-2.0",
    ),
    Entry(
        "medclip-vit",
        "the paper's VLM: MedCLIP with a Swin image encoder",
        "https://github.com/RyanWangZf/MedCLIP",
        "medclip/medclip_vit_weight.txt there",
        (Published(f"{_MEDCLIP}-vit-pretrained.zip", holds=("pytorch_model.bin",)),),
        licence="MIT",
    ),
    Entry(
        "medclip-resnet",
        "MedCLIP with a ResNet50 image encoder",
        "https://github.com/RyanWangZf/MedCLIP",
        "medclip/medclip_resnet_weight.txt there",
        (Published(f"{_MEDCLIP}-pretrained.zip", holds=("pytorch_model.bin",)),),
        licence="MIT",
    ),
    Entry(
        "bio-clinicalbert",
        "MedCLIP's tokenizer",
        "https://huggingface.co/emilyalsentzer/Bio_ClinicalBERT",
        "the repository's list of commits",
        hugging_face("emilyalsentzer/Bio_ClinicalBERT", _BIO_CLINICALBERT_REVISION, "vocab.txt", "config.json"),
        licence="MIT",
    ),
    Entry(
        "bio-clinicalbert-model",
        "MedKLIP's text encoder, with its tokenizer",
        "https://huggingface.co/emilyalsentzer/Bio_ClinicalBERT",
        "the repository's list of commits",
        hugging_face(
            "emilyalsentzer/Bio_ClinicalBERT",
            _BIO_CLINICALBERT_REVISION,
            "pytorch_model.bin",
            "vocab.txt",
            "config.json",
        ),
        licence="MIT",
    ),
    Entry(
        "medklip",
        "MedKLIP's image encoder and projections; its text encoder is bio-clinicalbert-model",
        "https://drive.google.com/drive/folders/1HBShH7J_pO8onkzuweDgDq2QPqj6zjG_",
        "checkpoints/README.md of https://github.com/MediaBrain-SJTU/MedKLIP",
        by_hand=("checkpoint_final.pth",),
    ),
    Entry(
        "cxr-repair",
        "CXR-RePaiR's CLIP ViT-B/32, trained on MIMIC-CXR",
        "https://stanfordmedicine.box.com/s/dbebk0jr5651dj8x1cu6b6kqyuuvz3ml",
        "README of https://github.com/rajpurkarlab/CXR-RePaiR",
        by_hand=("clip-imp-pretrained_128_6_after_4.pt",),
    ),
    Entry(
        "biomedclip",
        "BiomedCLIP, with its tokenizer",
        f"https://huggingface.co/{_BIOMEDCLIP}",
        "the repository's list of files; size and checksum from its commit 19a9890",
        (
            Published(
                hugging_face_url(_BIOMEDCLIP, _BIOMEDCLIP_REVISION, "open_clip_pytorch_model.bin"),
                783_705_670,
                "52cc993c5c5ff962bd0c60931874bc001e7e9b41666a385530f4a036294576be",
            ),
            *hugging_face(
                _BIOMEDCLIP,
                _BIOMEDCLIP_REVISION,
                "open_clip_config.json",
                "special_tokens_map.json",
                "tokenizer.json",
                "tokenizer_config.json",
                "vocab.txt",
            ),
        ),
        licence="MIT",
    ),
    Entry(
        "clip-vit-b-32",
        "OpenAI's CLIP ViT-B/32 in open_clip's format",
        "https://huggingface.co/timm/vit_base_patch32_clip_224.openai",
        "the repository's list of files",
        hugging_face(
            "timm/vit_base_patch32_clip_224.openai",
            "ab5b8ef490e86faa07d3523926b842c765de1de5",
            "open_clip_model.safetensors",
            "open_clip_config.json",
        ),
        licence="Apache-2.0 by its page",
    ),
    Entry(
        "clip-vit-b-16",
        "OpenAI's CLIP ViT-B/16 for transformers: the paper's text encoder \"CLIP\" in `mammi evaluate`",
        "https://huggingface.co/openai/clip-vit-base-patch16",
        "its commit, as caches of the hub name it; the files are those that transformers reads for a CLIP",
        hugging_face(
            "openai/clip-vit-base-patch16",
            "57c216476eefef5ab752ec549e440a49ae4ae5f3",
            "pytorch_model.bin",
            "config.json",
            "merges.txt",
            "preprocessor_config.json",
            "special_tokens_map.json",
            "tokenizer.json",
            "tokenizer_config.json",
            "vocab.json",
        ),
        licence="MIT by https://github.com/openai/CLIP",
    ),
    Entry(
        "all-mpnet-base-v2",
        'the paper\'s sentence encoder "MPNet" in `mammi evaluate`',
        f"https://huggingface.co/{_MPNET}",
        "the repository's list of files at this commit",
        (
            *hugging_face(
                _MPNET,
                _MPNET_REVISION,
                "model.safetensors",
                "config.json",
                "config_sentence_transformers.json",
                "modules.json",
                "sentence_bert_config.json",
                "special_tokens_map.json",
                "tokenizer.json",
                "tokenizer_config.json",
                "vocab.txt",
            ),
            Published(hugging_face_url(_MPNET, _MPNET_REVISION, "1_Pooling/config.json"), within="1_Pooling"),
        ),
        licence="Apache-2.0",
    ),
    Entry(
        "mimic-nouns",
        "the paper's concept set: 1,361 nouns of MIMIC-CXR's reports",
        "https://github.com/ailab-kyunghee/MAMMI",
        "dataset/concept_set/nouns.txt there; size and checksum from this commit",
        (
            _github(
                _MAMMI,
                "dataset/concept_set/nouns.txt",
                12_041,
                "f35b1f19b0ae5b813ef2be880371be8c25febebef0267914d241d80b0214d69e",
            ),
        ),
        licence="MIT",
    ),
    Entry(
        "nih14-lists",
        "the paper's lists of NIH ChestX-ray14 films with their labels; its probing set is train_official.txt",
        "https://github.com/ailab-kyunghee/MAMMI",
        "dataset/nih_split there; sizes and checksums from this commit",
        tuple(
            _github(_MAMMI, f"dataset/nih_split/{name}_official.txt", size, sha256)
            for name, size, sha256 in (
                ("train", 3_389_040, "60cc170f312a2301e5c9a8860fe36437e0ee632b4da8a890b855a669fe3069f4"),
                ("val", 504_540, "4ea551a628d287bbe19f474408975acfbee98437245956531101cbdab5c4c090"),
                ("test", 1_151_820, "7fa6a1865c16b416ed0cd96954fbbb3945f8ea20c39c22521e068859cda4c7cf"),
            )
        ),
        licence="MIT",
    ),
    Entry(
        "clip-dissect-20k",
        "CLIP-Dissect's 20,000 most common English words, a concept set of the paper's table 1",
        "https://github.com/Trustworthy-ML-Lab/CLIP-dissect",
        "data/20k.txt there; size and checksum from this commit",
        (
            _github(
                _CLIP_DISSECT,
                "data/20k.txt",
                155_418,
                "4ed6e5336d7760d281f7e72df31827da880c861363e820d8c65666b0f10d9ac0",
            ),
        ),
    ),
    Entry(
        "siglip-base",
        "SigLIP base, 224 pixels, for transformers",
        "https://huggingface.co/google/siglip-base-patch16-224",
        "the repository's list of files",
        hugging_face(
            "google/siglip-base-patch16-224",
            "d9049814fd748f55717e7f6e8e330574f955bd0a",
            "model.safetensors",
            "config.json",
            "preprocessor_config.json",
            "special_tokens_map.json",
            "spiece.model",
            "tokenizer_config.json",
        ),
        licence="Apache-2.0",
    ),
    *torchxrayvision.ENTRIES,
)
