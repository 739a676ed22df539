"""How requests to Salesforce travel: with time-outs, which its library does not set, or to a named sandbox."""

from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from kit.http import RETRY_AFTER_LIMIT
from kit.outside import TryLater

POOL = 16
"""Connections kept: as many as worker threads may speak at once."""


def session(timeout: float, sandbox_url: str = "") -> requests.Session:
    """For `simple_salesforce`. It stores no cookies, follows no redirects, and reads no netrc of the machine."""
    made = requests.Session()
    made.trust_env = False
    made.max_redirects = 0
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    made.mount("https://", _Adapter(timeout, sandbox_url.rstrip("/")))
    return made


class _Adapter(HTTPAdapter):
    def __init__(self, timeout: float, sandbox_url: str) -> None:
        super().__init__(pool_maxsize=POOL)
        self._timeout = (3.0, timeout)
        self._sandbox_url = sandbox_url

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: object = None,  # noqa: ARG002  (the library passes none; ours stands)
        verify: bool | str = True,
        cert: str | tuple[str, str] | None = None,
        proxies: dict[str, str] | None = None,
    ) -> requests.Response:
        """A busy or broken Salesforce is `TryLater` right here: of a failed sign-in the library forgets the status."""
        if self._sandbox_url:
            request.url = self._sandbox_url + str(request.url).removeprefix(f"https://{_host(request)}")
        answer = super().send(request, stream, self._timeout, verify, cert, proxies)
        if answer.status_code == 429 or answer.status_code >= 500:
            answer.close()
            raise TryLater(f"Salesforce answered {answer.status_code}", after=_retry_after(answer))
        return answer


def _host(request: requests.PreparedRequest) -> str:
    return urlsplit(str(request.url)).netloc


def _retry_after(answer: requests.Response) -> float | None:
    try:
        return min(max(float(answer.headers.get("Retry-After", "")), 0.0), RETRY_AFTER_LIMIT)
    except ValueError:
        return None
