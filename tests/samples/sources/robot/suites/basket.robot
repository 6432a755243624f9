*** Settings ***
Documentation     A shopping basket, für alle <&">
Metadata          Currency    crowns
Library           String

*** Variables ***
${APPLE}          ${1}

*** Test Cases ***
Empty basket costs nothing
    [Documentation]    An empty basket costs nothing.
    [Tags]    fast    basket
    Log    adding nothing
    Log To Console    printed on the console
    Should Be Equal As Integers    0    0

Apples & pears cost <4> "crowns"
    [Tags]    slow
    Should Be Equal As Integers    3    4    apples & pears cost <4> "crowns"

Unknown article
    No Such Keyword    plum

Two failures go on
    Run Keyword And Continue On Failure    Fail    first failure
    Run Keyword And Continue On Failure    Fail    second failure

Größe überprüft
    Should Be Equal    ö    ö

Every price
    [Template]    Price should be
    apple    1
    pear     3
    plum     5

Test setup fails
    [Setup]    Fail    the till does not answer
    Log    never run

Test teardown fails
    [Teardown]    Fail    the receipt printer is out of paper
    Log    prints

Expected error
    Run Keyword And Expect Error    too dear    Fail    too dear

In a loop
    FOR    ${name}    IN    apple    pear
        Log    ${name}
    END

*** Keywords ***
Price should be
    [Arguments]    ${name}    ${cost}
    ${real}=    Set Variable If    '${name}' == 'apple'    1    2
    Should Be Equal    ${real}    ${cost}    ${name} costs ${real}
