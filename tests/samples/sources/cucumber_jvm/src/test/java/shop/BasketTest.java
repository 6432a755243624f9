package shop;

import io.cucumber.junit.Cucumber;
import io.cucumber.junit.CucumberOptions;
import org.junit.runner.RunWith;

@RunWith(Cucumber.class)
@CucumberOptions(
    plugin = {
      "json:target/cucumber.json",
      "message:target/cucumber.ndjson",
      "junit:target/cucumber.xml",
      "testng:target/testng.xml",
      "rerun:target/rerun.txt"
    })
public class BasketTest {}
