// Package till has a test that passes and one that takes the whole process down.
package till

import "testing"

func TestOpens(t *testing.T) {}

func TestBreaks(t *testing.T) {
	var drawers map[string]int
	t.Run("drawer", func(t *testing.T) {
		drawers["coins"] = 1
	})
}

func TestNeverReached(t *testing.T) {}
