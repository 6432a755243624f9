// Package basket has a test for each way a test can end under go test.
package basket

import (
	"fmt"
	"os"
	"testing"
)

var prices = map[string]int{"apple": 1, "pear": 2}

func total(names ...string) int {
	sum := 0
	for _, name := range names {
		sum += prices[name]
	}
	return sum
}

func TestEmptyBasketCostsNothing(t *testing.T) {
	fmt.Println("adding nothing, für alle <&\">")
	fmt.Fprintln(os.Stderr, "a warning on the error stream")
	if total() != 0 {
		t.Fatal("not free")
	}
}

func TestTotalOfTwo(t *testing.T) {
	fmt.Print("a line without an end")
	if got := total("apple", "pear"); got != 4 {
		t.Errorf("apples & pears cost <%d>, not \"4\" crowns", got)
	}
}

func TestDiscount(t *testing.T) {
	t.Skip("discounts come in spring <&>")
}

// TestFlaky fails in the first run and passes in later ones, until the mark is removed.
func TestFlaky(t *testing.T) {
	if _, err := os.Stat("flaky.mark"); err != nil {
		os.WriteFile("flaky.mark", nil, 0o600)
		t.Fatal("the scale was not ready")
	}
}

func TestPrices(t *testing.T) {
	for name, cost := range map[string]int{"apple": 1} {
		t.Run(name, func(t *testing.T) {
			if total(name) != cost {
				t.Fatal(total(name))
			}
		})
	}
	t.Run("Birne für 3 € <&\">", func(t *testing.T) {
		if total("pear") != 3 {
			t.Fatal("a pear costs 2")
		}
	})
	t.Run("by card", func(t *testing.T) {
		t.Run("gold/silver", func(t *testing.T) {})
		t.Run("bronze", func(t *testing.T) { t.Skip("not accepted") })
	})
}

func TestParallel(t *testing.T) {
	t.Parallel()
	t.Log("waited for the others")
}

func Example() {
	fmt.Println(total("pear", "apple"))
	// Output: 3
}

func BenchmarkTotal(b *testing.B) {
	for i := 0; i < b.N; i++ {
		total("apple", "pear")
	}
}
