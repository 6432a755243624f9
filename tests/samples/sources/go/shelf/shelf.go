// Package shelf has no tests.
package shelf
