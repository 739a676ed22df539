"""ZoomInfo's three ways to get a token: OAuth2 client credentials; of the older API, a password or a key of our own."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

import httpx
import jwt

from integrations.reading import ask, count, json_object, unreadable
from integrations.zoominfo_wire import raise_for
from kit.clock import utcnow
from kit.http import raise_for_answer
from kit.outside import Refused

SCOPE = "api:data:contact"
RENEW_BEFORE = 60.0
"""Seconds before a token's end at which a new one is fetched."""
LEGACY_LIFE = 55 * 60.0
"""Seconds. The older API's token is good for an hour; ZoomInfo asks for a new one after 55 minutes."""
OUR_LIFE = timedelta(minutes=5)
"""How long what we sign with our own key is good for."""

Issued: TypeAlias = tuple[str, float]
"""A token, and for how many seconds it is to be used."""
Issuer: TypeAlias = Callable[[httpx.Client], Issued]


def client_credentials(url: str, client_id: str, client_secret: str) -> Issuer:
    auth = httpx.BasicAuth(client_id, client_secret)

    def issue(http: httpx.Client) -> Issued:
        form = {"grant_type": "client_credentials", "scope": SCOPE}
        request = next(auth.auth_flow(http.build_request("POST", url, data=form)))
        answer = ask(http, request, "ZoomInfo")
        if answer.status_code in {400, 401, 403}:
            raise Refused("ZoomInfo does not accept the client id and secret")
        raise_for_answer(answer, "ZoomInfo")
        body = json_object(answer, "ZoomInfo")
        token, lives = body.get("access_token"), count(body.get("expires_in"))
        if not isinstance(token, str) or not token or lives is None:
            raise unreadable("ZoomInfo")
        return token, lives - RENEW_BEFORE

    return issue


def password(url: str, username: str, secret: str) -> Issuer:
    def issue(http: httpx.Client) -> Issued:
        return _legacy(http, http.build_request("POST", url, json={"username": username, "password": secret}))

    return issue


def key_pair(url: str, username: str, client_id: str, private_key: str) -> Issuer:
    """`private_key`: PEM."""

    def issue(http: httpx.Client) -> Issued:
        now = utcnow()
        claims = {
            "aud": "enterprise_api",
            "iss": "api-client@zoominfo.com",
            "iat": now,
            "exp": now + OUR_LIFE,
            "client_id": client_id,
            "username": username,
        }
        try:
            signed = jwt.encode(claims, private_key, algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):
            raise Refused("ZOOMINFO_PRIVATE_KEY is no RSA key in PEM form") from None
        return _legacy(http, http.build_request("POST", url, headers={"Authorization": f"Bearer {signed}"}))

    return issue


def _legacy(http: httpx.Client, request: httpx.Request) -> Issued:
    answer = ask(http, request, "ZoomInfo")
    if answer.status_code in {400, 401}:
        raise Refused("ZoomInfo does not accept the user name with its password or key")
    raise_for(answer)
    token = json_object(answer, "ZoomInfo").get("jwt")
    if not isinstance(token, str) or not token:
        raise unreadable("ZoomInfo")
    return token, LEGACY_LIFE
