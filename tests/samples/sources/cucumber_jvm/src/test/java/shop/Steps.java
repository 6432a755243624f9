package shop;

import static org.junit.Assert.assertEquals;

import io.cucumber.java.After;
import io.cucumber.java.Before;
import io.cucumber.java.PendingException;
import io.cucumber.java.Scenario;
import io.cucumber.java.en.Given;
import io.cucumber.java.en.Then;
import io.cucumber.java.en.When;
import java.util.Map;
import org.junit.AssumptionViolatedException;

public class Steps {
  private static final Map<String, Integer> PRICES = Map.of("apple", 1, "pear", 2);
  private int total;
  private Scenario scenario;

  @Before("@noted")
  public void remember(Scenario scenario) {
    this.scenario = scenario;
  }

  @Before("@broken-before")
  public void openTheTill() {
    throw new IllegalStateException("the till does not answer");
  }

  @After("@broken-after")
  public void closeTheTill() {
    throw new IllegalStateException("the receipt printer is out of paper");
  }

  @Given("an empty basket")
  public void anEmptyBasket() {
    total = 0;
  }

  @When("I add {string}")
  public void add(String name) {
    if (scenario != null) {
      scenario.log("adding " + name);
      scenario.attach("one more".getBytes(), "text/plain", "note.txt");
    }
    total += PRICES.get(name);
  }

  @When("rounding is switched on")
  public void rounding() {
    throw new PendingException();
  }

  @Given("discounts come in spring")
  public void discounts() {
    throw new AssumptionViolatedException("discounts come in spring");
  }

  @When("I take an apple")
  public void takeAnApple() {}

  @When("^I take an? .*$")
  public void takeSomething() {}

  @Then("the total is {int}")
  public void totalIs(int cost) {
    assertEquals(cost, total);
  }
}
