"""The page that leads to all samples."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show all samples."""
    return render(request, "samples/index.html", {"service": "samples"})
