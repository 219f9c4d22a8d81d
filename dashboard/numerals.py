"""How a number is written in a sentence or above a panel: powers of ten instead of a computer's exponents."""

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
# Between these, a number is written out.
LEAST, MOST = 1e-4, 1e6


def numeral(value: float, digits: int = 3) -> str:
    """Return a number with a few significant digits, such as 0.046, 358,000, 5.35·10⁶ or −1.7·10⁻⁵.

    Args:
        value: the number; what is not finite is written as Python does.
        digits: how many of its digits count.
    """
    rounded = float(f"{value:.{digits}g}")
    if rounded == 0 or rounded != rounded or LEAST <= abs(rounded) < MOST:
        return f"{rounded:,.15g}".replace("-", "−")
    mantissa, _, exponent = f"{rounded:.{digits - 1}e}".partition("e")
    if not exponent:
        return mantissa
    short = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    power = f"10{str(int(exponent)).translate(SUPERSCRIPTS)}"
    return power if short == "1" else f"{short}·{power}".replace("-", "−")
