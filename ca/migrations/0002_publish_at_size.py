from typing import Any

from django.db import migrations, models


def keep_lists_as_they_are(apps: Any, schema_editor: Any) -> None:
    # PostgreSQL compresses long values by itself: a second for a list of a million entries, and it couldn't be read in
    # parts any more.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE ca_crl ALTER COLUMN der SET STORAGE EXTERNAL")


def compress_lists(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("ALTER TABLE ca_crl ALTER COLUMN der SET STORAGE EXTENDED")


class Migration(migrations.Migration):
    dependencies = [("ca", "0001_create_ca")]

    operations = [
        migrations.AddIndex(
            model_name="certificate",
            index=models.Index(
                condition=models.Q(("status", "valid"), _negated=True),
                fields=["partition", "id"],
                include=("crl_entry", "not_after"),
                name="ca_certificate_listed",
            ),
        ),
        migrations.RemoveIndex(model_name="certificate", name="ca_certificate_not_good"),
        migrations.AlterField(
            model_name="partition",
            name="medium",
            field=models.CharField(blank=True, choices=[("card", "card"), ("phone", "phone")], max_length=8),
        ),
        migrations.AlterField(
            model_name="partition", name="municipality", field=models.CharField(blank=True, max_length=64)
        ),
        migrations.AlterField(
            model_name="partition", name="municipality_code", field=models.CharField(blank=True, max_length=5)
        ),
        migrations.AlterField(
            model_name="partition", name="prefecture", field=models.CharField(blank=True, max_length=64)
        ),
        migrations.RunPython(keep_lists_as_they_are, compress_lists),
    ]
