"""All twins but Slack's, which has a page of its own."""

from sandbox.clearbit import ClearbitTwin
from sandbox.dns import DnsTwin
from sandbox.hubspot import HubSpotTwin
from sandbox.marketo import MarketoTwin
from sandbox.pardot import PardotTwin
from sandbox.salesforce import SalesforceTwin
from sandbox.twin import Fault, Pace, Twin, faults_router
from sandbox.zoominfo import ZoomInfoTwin

__all__ = ["Fault", "Pace", "Twin", "all_twins", "faults_router"]


def all_twins() -> list[Twin]:
    """Fresh ones, with new credentials and empty."""
    return [HubSpotTwin(), SalesforceTwin(), ClearbitTwin(), ZoomInfoTwin(), DnsTwin(), MarketoTwin(), PardotTwin()]
