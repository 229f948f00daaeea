"""草薙市 電子申請: sign in, fill in an application, sign it, keep the receipt. City hall without the walk."""
