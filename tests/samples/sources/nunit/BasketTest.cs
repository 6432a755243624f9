// A test for each way a test can end under NUnit 2.
using System;
using System.Collections.Generic;
using NUnit.Framework;

namespace Shop
{
    [TestFixture, Category("fast"), Description("A basket <&\"> für alle")]
    public class BasketTest
    {
        static readonly Dictionary<string, int> Prices =
            new Dictionary<string, int> { { "apple", 1 }, { "pear", 2 } };

        [Test, Property("currency", "crowns & öre")]
        public void EmptyBasketCostsNothing()
        {
            Console.WriteLine("adding nothing");
            Assert.AreEqual(0, 0);
        }

        [Test]
        public void TotalOfTwo()
        {
            Assert.AreEqual(4, Prices["apple"] + Prices["pear"], "apples & pears cost <4> \"crowns\"");
        }

        [Test]
        public void UnknownArticle()
        {
            Assert.AreEqual(5, Prices["plum"]);
        }

        [Test, Ignore("discounts come in spring <&>")]
        public void Discount()
        {
        }

        [Test]
        public void NoVoucher()
        {
            Assert.Ignore("no voucher in the basket");
        }

        [Test]
        public void CannotTell()
        {
            Assert.Inconclusive("the scale cannot tell");
        }

        [Test]
        public void WrongSignature(int cost)
        {
        }

        [Test, Explicit("takes all night")]
        public void Explicitly()
        {
        }

        [TestCase("apple", 1)]
        [TestCase("pear", 3)]
        [TestCase("Birne <&\">", 2, TestName = "Birne <&\"> kostet 2 €")]
        public void Price(string name, int cost)
        {
            Assert.AreEqual(cost, Prices[name.StartsWith("B") ? "pear" : name]);
        }

        [Test, ExpectedException(typeof(KeyNotFoundException))]
        public void ExpectedException()
        {
            Assert.AreEqual(5, Prices["plum"]);
        }
    }

    [TestFixture]
    public class TillTest
    {
        [TestFixtureSetUp]
        public void Open()
        {
            throw new InvalidOperationException("the till does not answer");
        }

        [Test]
        public void First()
        {
        }

        [Test]
        public void Second()
        {
        }
    }

    [TestFixture]
    public class ReceiptTest
    {
        [TearDown]
        public void TearOff()
        {
            throw new InvalidOperationException("the receipt printer is out of paper");
        }

        [Test]
        public void Prints()
        {
        }
    }
}
