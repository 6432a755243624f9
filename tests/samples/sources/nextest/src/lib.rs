//! A shopping basket and a test for each way a test can end.

pub fn price(name: &str) -> u32 {
    match name {
        "apple" => 1,
        "pear" => 2,
        _ => panic!("no price for <{name}>"),
    }
}

#[cfg(test)]
mod tests {
    use super::price;

    #[test]
    fn empty_basket_costs_nothing() {
        println!("adding nothing, für alle <&\">");
        eprintln!("a warning on the error stream");
    }

    #[test]
    fn total_of_two() {
        assert_eq!(price("apple") + price("pear"), 4, "apples & pears cost <4> \"crowns\"");
    }

    #[test]
    fn unknown_article() {
        price("plum");
    }

    #[test]
    #[ignore = "discounts come in spring"]
    fn discount() {
        panic!("never run");
    }

    #[test]
    #[should_panic(expected = "no price")]
    fn expected_panic() {
        price("plum");
    }

    #[test]
    #[should_panic]
    fn no_panic_came() {
        price("apple");
    }

    #[test]
    fn result_is_an_error() -> Result<(), String> {
        Err("the till does not answer".into())
    }

    #[test]
    fn flaky_passes_in_second_try() {
        let mark = std::path::Path::new("flaky.mark");
        if !mark.exists() {
            std::fs::write(mark, "").unwrap();
            panic!("the scale was not ready");
        }
    }

    #[test]
    fn aborts() {
        std::process::abort();
    }

    mod checkout {
        mod by_card {
            #[test]
            fn größe_überprüft() {}
        }
    }
}
