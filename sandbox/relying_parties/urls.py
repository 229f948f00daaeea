"""Every address of the sample services."""

from django.urls import path

from sandbox.relying_parties import bank, careless, index, unlisted
from sandbox.relying_parties.city import views as city
from sandbox.relying_parties.clinic import views as clinic
from sandbox.relying_parties.kiosk import views as kiosk

urlpatterns = [
    path("", index.index, name="index"),
    path("bank/", bank.welcome, name="bank"),
    path("bank/sign-in", bank.sign_in, name="bank_sign_in"),
    path("bank/return", bank.come_back, name="bank_return"),
    path("bank/signed-in", bank.signed_in, name="bank_signed_in"),
    path("bank/contract", bank.contract, name="bank_contract"),
    path("bank/contract.pdf", bank.signed_contract, name="bank_signed_contract"),
    path("bank/opened", bank.opened, name="bank_opened"),
    path("careless/", careless.welcome, name="careless"),
    path("careless/start", careless.start, name="careless_start"),
    path("careless/return", careless.come_back, name="careless_return"),
    path("city/", city.welcome, name="city"),
    path("city/sign-in", city.sign_in, name="city_sign_in"),
    path("city/return", city.come_back, name="city_return"),
    path("city/signed-in", city.signed_in, name="city_signed_in"),
    path("city/form", city.form, name="city_form"),
    path("city/confirm", city.confirm, name="city_confirm"),
    path("city/received", city.received, name="city_received"),
    path("city/application.txt", city.document, name="city_document"),
    path("city/application.p7s", city.signature, name="city_signature"),
    path("clinic/", clinic.COUNTER.welcome, name="clinic"),
    path("clinic/sign-in", clinic.COUNTER.sign_in, name="clinic_sign_in"),
    path("clinic/return", clinic.COUNTER.come_back, name="clinic_return"),
    path("clinic/read", clinic.COUNTER.read, name="clinic_read"),
    path("clinic/refused", clinic.COUNTER.refused, name="clinic_refused"),
    path("clinic/register", clinic.register, name="clinic_register"),
    path("clinic/file", clinic.file, name="clinic_file"),
    path("clinic/end", clinic.end, name="clinic_end"),
    path("clinic/delete", clinic.delete, name="clinic_delete"),
    path("kiosk/", kiosk.COUNTER.welcome, name="kiosk"),
    path("kiosk/sign-in", kiosk.COUNTER.sign_in, name="kiosk_sign_in"),
    path("kiosk/return", kiosk.COUNTER.come_back, name="kiosk_return"),
    path("kiosk/read", kiosk.COUNTER.read, name="kiosk_read"),
    path("kiosk/refused", kiosk.COUNTER.refused, name="kiosk_refused"),
    path("kiosk/choose", kiosk.choose, name="kiosk_choose"),
    path("kiosk/certificate", kiosk.certificate, name="kiosk_certificate"),
    path("kiosk/certificate.pdf", kiosk.certificate_pdf, name="kiosk_certificate_pdf"),
    path("kiosk/end", kiosk.end, name="kiosk_end"),
    path("unlisted/", unlisted.welcome, name="unlisted"),
    path("unlisted/try", unlisted.attempt, name="unlisted_try"),
]
