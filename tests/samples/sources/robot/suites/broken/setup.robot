*** Settings ***
Suite Setup       Fail    the till does not answer

*** Test Cases ***
First
    Log    never run

Second
    Log    never run
