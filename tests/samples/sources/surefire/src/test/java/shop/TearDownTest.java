package shop;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TearDownTest {
  @AfterEach
  void closeTheTill() {
    throw new IllegalStateException("the till is stuck");
  }

  @Test
  void pays() {}
}
