package shop;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SetUpTest {
  @BeforeAll
  static void openTheTill() {
    throw new IllegalStateException("the till does not answer");
  }

  @Test
  void first() {}

  @Test
  void second() {}
}
