*** Test Cases ***
Pays
    Log    paid
