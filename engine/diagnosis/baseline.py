"""A baseline: findings that are known and accepted, so that only new ones fail."""

import json
from pathlib import Path

from goldilocks.engine.diagnosis.finding import SEVERITIES, Finding
from goldilocks.engine.errors import RequestError


def new_findings(findings: tuple[Finding, ...], file: Path) -> tuple[Finding, ...]:
    """Return the findings that a baseline does not hold, or holds as less grave; write it where there is none yet.

    Args:
        findings: about a network.
        file: of the baseline, JSON.

    Raises:
        RequestError: the file is none, or cannot be read or written.
    """
    if not file.exists():
        accepted = {one.fingerprint: one.severity for one in findings}
        try:
            file.write_text(json.dumps({"findings": accepted}, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        except OSError as error:
            raise RequestError(f"{file}: {error.strerror}") from None
        return ()
    known = _read(file)
    return tuple(one for one in findings if _is_new(one, known.get(one.fingerprint)))


def _is_new(finding: Finding, before: str | None) -> bool:
    return before not in SEVERITIES or SEVERITIES.index(finding.severity) > SEVERITIES.index(before)


def _read(file: Path) -> dict[str, str]:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))["findings"]
        return {str(key): str(value) for key, value in known.items()}
    except OSError as error:
        raise RequestError(f"{file}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise RequestError(
            f"{file} is not a baseline file; delete it and the next diagnosis writes a new one"
        ) from None
