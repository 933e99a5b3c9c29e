"""A broker's password goes nowhere."""

from scenarios.results.redaction import redacted


def test_user_and_password_are_struck_out_wherever_an_address_stands():
    text = "bus: mqtts://ann:s3cret@broker.example:8883 # and mqtt://bob@10.0.0.1:1883"
    assert redacted(text) == "bus: mqtts://***@broker.example:8883 # and mqtt://***@10.0.0.1:1883"


def test_an_address_without_them_stays():
    assert redacted("--bus=mqtt://127.0.0.1:1883") == "--bus=mqtt://127.0.0.1:1883"
