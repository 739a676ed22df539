"""ZoomInfo's older Enterprise API: a JWT by password or by key, and the same records in another wrapping."""

import secrets
import time
from functools import cached_property
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import Request, Response
from fastapi.responses import JSONResponse

from sandbox.twin import Pace, bearer, json_body

LIFE = 3600
CREDITS = 10_000
CLAIMS = ["aud", "iss", "iat", "exp", "client_id", "username"]
LONGEST = 300
"""Seconds that a client may sign a token of its own for."""
SENTENCES = {
    400: "There are invalid fields in your request",
    401: "Authentication failed",
    429: "You have exceeded your API query rate limit. Please decrease the frequency of your API requests",
    500: "An unexpected error has occurred. Please try again and reference the error id provided",
}


class Legacy:
    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self.username, self.password = "kim.sample@example.com", secrets.token_urlsafe(24)
        self.tokens: dict[str, float] = {}
        self.sign_ins = Pace(1, 1)

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def by_password(self, base_url: str) -> dict[str, str]:
        """The environment that points Handoff at this API."""
        name = {"ZOOMINFO_USERNAME": self.username, "ZOOMINFO_PASSWORD": self.password}
        return name | {"ZOOMINFO_LEGACY_URL": f"{base_url}/zoominfo"}

    def by_key(self, base_url: str) -> dict[str, str]:
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        key = {"ZOOMINFO_CLIENT_ID": self.client_id, "ZOOMINFO_PRIVATE_KEY": pem.replace("\n", "\\n")}
        return key | {"ZOOMINFO_USERNAME": self.username, "ZOOMINFO_LEGACY_URL": f"{base_url}/zoominfo"}

    async def authenticate(self, request: Request) -> Response:
        signed = bearer(request)
        known = self._signed_by_us(signed) if signed else await self._has_password(request)
        if not known:
            return said_in_words(401)
        if self.sign_ins.wait() is not None:
            return said_in_words(429)
        token = secrets.token_urlsafe(32)
        self.tokens[token] = time.monotonic() + LIFE
        return JSONResponse({"jwt": token})

    def _signed_by_us(self, signed: str) -> bool:
        try:
            claims = jwt.decode(
                signed,
                self._key.public_key(),
                algorithms=["RS256"],
                audience="enterprise_api",
                issuer="api-client@zoominfo.com",
                options={"require": CLAIMS},
            )
        except jwt.PyJWTError:
            return False
        ours = claims["client_id"] == self.client_id and claims["username"] == self.username
        return ours and bool(claims["exp"] - claims["iat"] <= LONGEST)

    async def _has_password(self, request: Request) -> bool:
        body = await json_body(request)
        if not isinstance(body, dict) or set(body) != {"username", "password"}:
            return False
        said = f"{body['username']}:{body['password']}".encode()
        return secrets.compare_digest(said, f"{self.username}:{self.password}".encode())

    def knows(self, token: str | None) -> bool:
        return self.tokens.get(token or "", 0.0) >= time.monotonic()

    def answer(self, fields: list[str], records: list[dict[str, Any]], used: int) -> Response:
        """The records of the newer API as this one writes them: the names of what was asked in small letters."""
        result = [
            {
                "input": {name.lower(): value for name, value in record["meta"]["input"].items()},
                "data": [record["attributes"]] if record["type"] == "Contact" else [],
                "matchStatus": record["meta"]["matchStatus"],
            }
            for record in records
        ]
        left = {"X-Usage-Unique-Id-Limit-Limit": str(CREDITS), "X-Usage-Unique-Id-Limit-Remaining": str(CREDITS - used)}
        named = [[name.lower() for name in fields]]
        return JSONResponse({"success": True, "data": {"outputFields": named, "result": result}}, headers=left)


def said_in_words(status: int, sentence: str = "") -> Response:
    """Errors have no codes here, and nothing says how long to wait but the moment in X-RateLimit-Reset."""
    headers = {"X-RateLimit-Reset": str(int(time.time()) + 3)} if status == 429 else {}
    return JSONResponse({"success": False, "error": sentence or SENTENCES.get(status, "Error")}, status, headers)
