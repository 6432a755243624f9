@shop
Feature: Shopping basket, für alle
  A basket <&"> knows what it costs.

  Background:
    Given an empty basket

  @fast
  Scenario: Empty basket costs nothing
    Then the total is 0

  @noted
  Scenario: Apples & pears cost <4> "crowns"
    When I add "apple"
    And I add "pear"
    Then the total is 4

  Scenario: Unknown article
    When I add "plum"
    Then the total is 5

  Scenario: A step nobody wrote
    When I hum a song
    Then the total is 0

  Scenario: A step that waits for its code
    When rounding is switched on
    Then the total is 0

  Scenario: A step that skips the rest
    Given discounts come in spring
    Then the total is 0

  Scenario: A step that fits twice
    When I take an apple
    Then the total is 1

  Scenario Outline: <article> costs <cost>
    When I add "<article>"
    Then the total is <cost>

    Examples: fruit
      | article | cost |
      | apple   | 1    |
      | pear    | 3    |

  Rule: Cards are accepted
    Scenario: Größe überprüft
      Then the total is 0

  @broken-before
  Scenario: Hook before fails
    Then the total is 0

  @broken-after
  Scenario: Hook after fails
    Then the total is 0
