"""A name server in small. Every domain receives mail but for gone..., nomail..., nullmx..., amx... (no MX but an address),
broken... and silent..., which behave as they say.
"""

import socketserver
import threading
import time
from typing import Any

from dns.exception import DNSException
from dns.flags import RA
from dns.message import Message, from_wire, make_response
from dns.rcode import NOERROR, NXDOMAIN, REFUSED, SERVFAIL, Rcode
from dns.rdatatype import RdataType
from dns.rrset import from_text
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from sandbox.twin import Fault, Pace, Twin

TTL = 60
ADDRESS = "192.0.2.25"


class DnsTwin(Twin):
    """Its questions come over UDP; what is asked for by HTTP are only faults and its state."""

    name = "dns"
    faults_known = frozenset({"slow", "torn", "500", "429"})

    def __init__(self) -> None:
        self._server: socketserver.ThreadingUDPServer | None = None
        self._asked: set[str] = set()
        super().__init__(Pace(1_000, 1))

    def open(self) -> None:
        twin = self

        class Question(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                packet, reply = self.request
                answer = twin.answer_to(packet)
                if answer:
                    reply.sendto(answer, self.client_address)

        self._server = socketserver.ThreadingUDPServer(("127.0.0.1", 0), Question)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def routes(self, router: APIRouter) -> None:
        """None: DNS is no HTTP."""

    def credentials(self, base_url: str) -> dict[str, str]:  # noqa: ARG002  (it has a socket of its own)
        if self._server is None:
            return {}
        return {"DNS_CHECK": "1", "DNS_SERVER": f"127.0.0.1:{self._server.server_address[1]}"}

    def state(self) -> dict[str, Any]:
        return {"asked": sorted(self._asked)}

    def refusal(self, status: int, kind: str = "") -> Response:  # noqa: ARG002  (there is one answer for each status)
        return JSONResponse({"error": "DNS is asked over UDP"}, status)

    def answer_to(self, packet: bytes) -> bytes | None:
        """The answer's bytes; None: silence."""
        try:
            asked = from_wire(packet)
            question = asked.question[0]
        except (DNSException, IndexError):
            return None
        domain, kind = question.name.to_text(omit_final_dot=True).lower(), RdataType(question.rdtype)
        fault = self.fault_for(domain, kinds=self.faults_known)
        answered = self._answered(asked, domain, kind, fault)
        self._remember(domain, kind, answered.rcode())
        if domain.startswith("silent"):
            return None
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
        wire = answered.to_wire()
        return wire[: len(wire) // 2] if fault and fault.kind == "torn" else wire

    def _answered(self, asked: Message, domain: str, kind: RdataType, fault: Fault | None) -> Message:
        answer = make_response(asked)
        answer.flags |= RA
        answer.set_rcode(_code(domain, fault.kind if fault else ""))
        said = _records(domain, kind) if answer.rcode() == NOERROR else []
        if said:
            answer.answer.append(from_text(asked.question[0].name, TTL, "IN", kind, *said))
        return answer

    def _remember(self, domain: str, kind: RdataType, code: Rcode) -> None:
        self._asked.add(domain)
        self.received.append(
            {
                "at": time.time(),
                "method": kind.name,
                "path": domain,
                "status": int(code),
                "summary": f"{kind.name} {domain} -> {code.name}",
                "body": "",
            }
        )


def _code(domain: str, fault: str) -> Rcode:
    by_fault = {"500": SERVFAIL, "429": REFUSED}
    by_name = {"gone": NXDOMAIN, "broken": SERVFAIL}
    first = next((code for word, code in by_name.items() if domain.startswith(word)), NOERROR)
    return by_fault.get(fault, first)


def _records(domain: str, kind: RdataType) -> list[str]:
    if domain.startswith("nomail"):
        return []
    if domain.startswith("amx"):
        return [ADDRESS] if kind is RdataType.A else []
    if kind is RdataType.MX:
        return ["0 ."] if domain.startswith("nullmx") else [f"10 mail.{domain}."]
    return [ADDRESS] if kind is RdataType.A else []
