# A set-up that fails before the first test.

setup_file() {
  echo "the till does not answer" >&2
  return 1
}

@test "first" {
  true
}

@test "second" {
  true
}
