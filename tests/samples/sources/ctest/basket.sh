# What the tests run: sh basket.sh WAY
echo "going to $1, für alle <&\">"
case $1 in
  pass) echo '<CTestMeasurement type="numeric/double" name="crowns">3</CTestMeasurement>' ;;
  fail)
    for line in 1 2 3 4 5 6 7 8; do echo "line $line: apples & pears cost <4> \"crowns\""; done >&2
    exit 1
    ;;
  skip) echo "discounts come in spring"; exit 77 ;;
  crash) kill -SEGV $$ ;;
  wait) sleep 20 ;;
  flaky) [ -e flaky.mark ] || { touch flaky.mark; echo "the scale was not ready"; exit 1; } ;;
esac
