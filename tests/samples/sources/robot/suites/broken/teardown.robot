*** Settings ***
Suite Teardown    Fail    the till is stuck

*** Test Cases ***
Pays
    Log    paid

Pays too little
    Fail    one crown is missing
