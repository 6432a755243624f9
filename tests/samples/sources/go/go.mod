module shop.example/basket

go 1.22
