"""Results of conformance tests of phone models."""

from django.db import models


class ConformanceResult(models.Model):
    """One conformance test of one model: when, on which build, and whether it passed."""

    model_code = models.CharField(max_length=64)
    tested_on = models.DateField()
    build = models.CharField(max_length=64)
    passed = models.BooleanField()
    remark = models.CharField(max_length=200, default="", blank=True)

    class Meta:
        ordering = ("model_code", "tested_on", "pk")

    def __str__(self) -> str:
        return f"{self.model_code} {self.tested_on} {'passed' if self.passed else 'failed'}"
