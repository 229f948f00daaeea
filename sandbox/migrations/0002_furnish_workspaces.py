import uuid

import django.db.models.deletion
from django.db import migrations, models


def refer(apps, schema_editor):
    cards = apps.get_model('sandbox', 'VirtualCard')
    for card in cards.objects.filter(reference=None):
        written = card.edition if card.ready else 0
        cards.objects.filter(pk=card.pk).update(reference=uuid.uuid4(), written=written)


class Migration(migrations.Migration):

    dependencies = [
        ('ca', '0007_grow_a_tree_over_the_journal'),
        ('sandbox', '0001_create_sandbox'),
        ('tsm', '0002_add_service_orders_incidents_and_load_files'),
    ]

    operations = [
        migrations.AddField(
            model_name='virtualcard',
            name='reference',
            # A column's default is one value for all rows: none until each has its own.
            field=models.UUIDField(default=None, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='virtualcard',
            name='written',
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.RunPython(refer, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='virtualcard',
            name='reference',
            field=models.UUIDField(default=uuid.uuid4, editable=False, unique=True),
        ),
        migrations.AddField(
            model_name='virtualphone',
            name='gone_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='virtualphone',
            name='reachable',
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name='virtualphone',
            name='sealed_passwords',
            field=models.BinaryField(null=True),
        ),
        migrations.CreateModel(
            name='Furnishing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('asked', 'Asked'), ('past', 'Past'), ('present', 'Present'), ('done', 'Done')], default='asked', max_length=8)),
                ('realm', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='furnishing', to='ca.realm')),
            ],
        ),
        migrations.CreateModel(
            name='Issuing',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.CharField(choices=[('applied', 'Applied'), ('certified', 'Certified'), ('installed', 'Installed'), ('active', 'Active')], max_length=12)),
                ('sealed_passwords', models.BinaryField()),
                ('failed', models.CharField(default='', max_length=64)),
                ('failed_detail', models.CharField(default='', max_length=300)),
                ('enrolment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='issuing', to='tsm.enrolment')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='Citizen',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('code', models.CharField(max_length=32)),
                ('version', models.PositiveSmallIntegerField(default=0)),
                ('romaji', models.CharField(max_length=100)),
                ('condition', models.CharField(max_length=12)),
                ('sealed_secrets', models.BinaryField()),
                ('made_at', models.DateTimeField()),
                ('holder', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='citizen', to='ca.holder')),
                ('realm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='citizens', to='ca.realm')),
            ],
            options={
                'ordering': ('pk',),
                'constraints': [models.UniqueConstraint(fields=('realm', 'code'), name='one_citizen_per_code')],
            },
        ),
        migrations.CreateModel(
            name='Specimen',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('purpose', models.CharField(choices=[('signature', 'signature'), ('user_authentication', 'user_authentication')], max_length=24)),
                ('medium', models.CharField(choices=[('card', 'card'), ('phone', 'phone')], max_length=8)),
                ('wanted', models.CharField(choices=[('valid', 'Valid'), ('pending', 'Pending'), ('on_hold', 'On Hold'), ('revoked', 'Revoked'), ('expired', 'Expired')], max_length=8)),
                ('cause', models.CharField(default='', max_length=32)),
                ('sealed_key', models.BinaryField()),
                ('public_key', models.BinaryField()),
                ('made_at', models.DateTimeField()),
                ('ready_at', models.DateTimeField(null=True)),
                ('base', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sandbox.specimen')),
                ('certificate', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='specimen', to='ca.certificate')),
                ('holder', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='specimens', to='ca.holder')),
                ('issuance', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='specimen', to='ca.issuance')),
                ('realm', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='specimens', to='ca.realm')),
            ],
            options={
                'ordering': ('pk',),
                'indexes': [models.Index(fields=['realm', 'made_at'], name='sandbox_specimen_realm')],
            },
        ),
    ]
