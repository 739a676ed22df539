"""Finding people in a long list while somebody types."""

from domain.rules.cleaning import folded


def named_like(name: str, typed: str) -> bool:
    """Whether each word that was typed begins a word of the name, in whatever order, without regard to accents."""
    words = folded(name).split()
    return all(any(word.startswith(part) for word in words) for part in folded(typed).split())
