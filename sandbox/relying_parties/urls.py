"""Every address of the sample services."""

from django.urls import path

from sandbox.relying_parties import bank, unlisted

urlpatterns = [
    path("", bank.index, name="index"),
    path("bank/", bank.welcome, name="bank"),
    path("bank/sign-in", bank.sign_in, name="bank_sign_in"),
    path("bank/return", bank.come_back, name="bank_return"),
    path("bank/signed-in", bank.signed_in, name="bank_signed_in"),
    path("bank/contract", bank.contract, name="bank_contract"),
    path("bank/contract.pdf", bank.signed_contract, name="bank_signed_contract"),
    path("bank/opened", bank.opened, name="bank_opened"),
    path("unlisted/", unlisted.welcome, name="unlisted"),
    path("unlisted/try", unlisted.attempt, name="unlisted_try"),
]
