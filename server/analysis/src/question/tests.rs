//! Questions of every form that is read, and what they ask.

use super::read;
use crate::table::Table;

const SALES: &str = "Order ID,Sold on,Region,Product,Unit price,Amount\n\
    1,2024-01-05,North,Chair,20,40\n2,2024-02-11,South,Desk,100,100\n3,2025-02-12,New York,Chair,21,42\n";

fn told(question: &str) -> String {
    let table = Table::from_csv(SALES.as_bytes()).unwrap();
    match read(question, &table) {
        Ok(it) => {
            let text = serde_json::to_string(&it).unwrap();
            text.replace('"', "").replace("aggregate:", "").replace("column:", "")
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn what_by_what() {
    for (question, expected) in [
        ("Amount by region", "{chart:bar,measures:[{sum,Amount}],by:Region}"),
        ("Show me the total amounts per product, please", "{chart:bar,measures:[{sum,Amount}],by:Product}"),
        ("What is the average unit price for each region?", "{chart:bar,measures:[{mean,Unit price}],by:Region}"),
        ("price by region", "{chart:bar,measures:[{mean,Unit price}],by:Region}"),
        ("count by region", "{chart:bar,measures:[{count}],by:Region}"),
        ("number of orders per region", "{chart:bar,measures:[{count,Order ID}],by:Region}"),
        ("How many rows are there per product", "{chart:bar,measures:[{count}],by:Product}"),
        ("maximum and minimum amount by product", "{chart:bar,measures:[{max,Amount},{min,Amount}],by:Product}"),
        ("amount and unit price by product", "{chart:bar,measures:[{sum,Amount},{mean,Unit price}],by:Product}"),
        ("most common product", "{chart:bar,measures:[{count}],by:Product}"),
        ("Which region has the highest amount?", "{chart:bar,measures:[{sum,Amount}],by:Region}"),
        ("amount by region and product", "{chart:bar,measures:[{sum,Amount}],by:Region,split:Product}"),
    ] {
        assert_eq!(told(question), expected, "{question}");
    }
}

#[test]
fn over_time() {
    for (question, expected) in [
        ("amount over time", "{chart:line,measures:[{sum,Amount}],by:Sold on}"),
        ("monthly amount", "{chart:line,measures:[{sum,Amount}],by:Sold on,every:month}"),
        ("average price by week", "{chart:line,measures:[{mean,Unit price}],by:Sold on,every:week}"),
        ("bar chart of the amount per year", "{chart:bar,measures:[{sum,Amount}],by:Sold on,every:year}"),
        ("amount by region by month", "{chart:line,measures:[{sum,Amount}],by:Sold on,every:month,split:Region}"),
        ("trend of orders", "{chart:line,measures:[{count,Order ID}],by:Sold on}"),
    ] {
        assert_eq!(told(question), expected, "{question}");
    }
}

#[test]
fn the_first_so_many_and_parts() {
    for (question, expected) in [
        ("top 5 products by amount", "{chart:bar,measures:[{sum,Amount}],by:Product,top:5}"),
        ("the three best products by average price", "{chart:bar,measures:[{mean,Unit price}],by:Product,top:3}"),
        (
            "bottom 2 regions by number of orders",
            "{chart:bar,measures:[{count,Order ID}],by:Region,top:2,smallest:true}",
        ),
        ("top 3 average price by region", "{chart:bar,measures:[{mean,Unit price}],by:Region,top:3}"),
        ("share of amount by product", "{chart:pie,measures:[{sum,Amount}],by:Product}"),
        ("share of products", "{chart:pie,measures:[{count}],by:Product}"),
        ("percentage of rows by region as bars", "{chart:bar,measures:[{count}],by:Region}"),
    ] {
        assert_eq!(told(question), expected, "{question}");
    }
}

#[test]
fn which_rows() {
    for (question, expected) in [
        (
            "amount by product where region is north",
            "{chart:bar,measures:[{sum,Amount}],by:Product,where:[{Region,test:is,value:North}]}",
        ),
        (
            "amount by product in New York",
            "{chart:bar,measures:[{sum,Amount}],by:Product,where:[{Region,test:is,value:New York}]}",
        ),
        (
            "amount by product for north and south",
            "{chart:bar,measures:[{sum,Amount}],by:Product,where:[{Region,test:is,value:North},{Region,test:is,value:South}]}",
        ),
        (
            "amount by product in 2024",
            "{chart:bar,measures:[{sum,Amount}],by:Product,where:[{Sold on,test:is,value:2024}]}",
        ),
        (
            "amount by product since February 2024",
            "{chart:bar,measures:[{sum,Amount}],by:Product,where:[{Sold on,test:at_least,value:2024-02}]}",
        ),
        (
            "count by product where amount > 41",
            "{chart:bar,measures:[{count}],by:Product,where:[{Amount,test:above,value:41}]}",
        ),
        (
            "count by product with unit price at least 21",
            "{chart:bar,measures:[{count}],by:Product,where:[{Unit price,test:at_least,value:21}]}",
        ),
        (
            "amount by product where region is not 'North'",
            "{chart:bar,measures:[{sum,Amount}],by:Product,where:[{Region,test:is_not,value:North}]}",
        ),
    ] {
        assert_eq!(told(question), expected, "{question}");
    }
}

#[test]
fn what_is_not_understood_is_named() {
    for (question, expected) in [
        ("profit by region", "“profit” is not among the columns"),
        ("median amount by region", "“median” is not among"),
        ("amount by galaxy and planet", "“galaxy” and “planet” are not among"),
        ("amount", "Say by what: add “by” and a column, like “Sold on”, “Region” or “Product”."),
        ("average by region", "Say of which column: “Order ID”, “Unit price” and “Amount”."),
        ("average region by product", "“Region” does not hold numbers: row 2 has “North”"),
        ("pie of the average price by region", "A pie shows the parts"),
        ("amount by product where region is Mars", "“Region” has no “Mars”. It has, for example, “North”"),
        ("?!", "Ask something"),
    ] {
        assert!(told(question).contains(expected), "{question}: {}", told(question));
    }
}
