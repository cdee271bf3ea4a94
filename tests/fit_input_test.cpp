// Problems of fits from tables, against what the tables say.
#include "lanewise/fit_input.hpp"

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;

namespace {

const Box box{{"a", 0, 10}, {"k", -1, 5}};
const Model model{.formula = "s*a*exp(-k*t)", .response = "log(y)", .sigma = "0.1"};
const std::string interleaved = "id,t,y,note\nb,0,1,x\na,1,2,y\nb,2,3,z\nc,3,,z\na,4,5,z\n";

using Numbers = std::vector<double>;

/// Of each problem the rows that a column has there, by way of the spans.
std::vector<Numbers> rows_of(const Problems& problems, const std::string& name) {
    std::vector<Numbers> rows;
    for (const Problems::Column& column : problems.columns) {
        if (column.name != name) continue;
        for (std::size_t p = 0; p < problems.count(); ++p) {
            const std::size_t size = problems.first_rows[p + 1] - problems.first_rows[p];
            const auto of_problem =
                column.numbers.subspan(column.is_shared ? 0 : problems.first_rows[p], size);
            rows.emplace_back(of_problem.begin(), of_problem.end());
        }
    }
    return rows;
}

/// NaN as a number that can be compared.
Numbers comparable(std::span<const double> numbers) {
    Numbers all(numbers.begin(), numbers.end());
    for (double& number : all) number = std::isnan(number) ? -99 : number;
    return all;
}

std::string refusal(const std::string& data, const std::string& group, const std::string& problems,
                    const Model& fitted = model) {
    try {
        const CsvTable of_problems(problems.empty() ? "id" : problems, "p.csv");
        fit_input(fitted, box, CsvTable(data, "d.csv"),
                  {.group = group, .problems = problems.empty() ? nullptr : &of_problems});
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("rows without a group are one problem with the columns that formulas name") {
    const FitInput input = fit_input(model, box, CsvTable("y;t;text\n1;0;x\n2;1;y\n"));
    const Problems problems = input.problems();
    REQUIRE(problems.count() == 1);
    CHECK(problems.columns.size() == 2);
    CHECK(rows_of(problems, "t") == std::vector<Numbers>{{0, 1}});
    CHECK(rows_of(problems, "y") == std::vector<Numbers>{{1, 2}});
    CHECK(input.keys.empty());
}

TEST_CASE("rows are grouped by key, in the order in which keys come") {
    const FitInput input = fit_input(model, box, CsvTable(interleaved), {.group = "id"});
    CHECK(input.keys == std::vector<std::string>{"b", "a", "c"});
    CHECK(rows_of(input.problems(), "t") == std::vector<Numbers>{{0, 2}, {1, 4}, {3}});
    CHECK(std::isnan(rows_of(input.problems(), "y")[2][0]));
    // What a copy hands out is its own.
    FitInput copy = input;
    copy.columns[0].numbers[0] = 77;
    CHECK(rows_of(input.problems(), "t")[0][0] == 0);
    CHECK(rows_of(copy.problems(), "t")[0][0] == 77);
}

TEST_CASE("a table of problems is matched by key") {
    const CsvTable of_problems(
        "s,k.upper,id,a.start,k.start,comment\n1,,a,3,1,fast\n2,4,b,5,-1,\n3,1,new,1,1,\n4,,c,2,2,\n");
    const FitInput input =
        fit_input(model, box, CsvTable(interleaved), {.group = "id", .problems = &of_problems});
    const Problems problems = input.problems();
    CHECK(input.keys == std::vector<std::string>{"b", "a", "c", "new"});
    CHECK(rows_of(problems, "t") == std::vector<Numbers>{{0, 2}, {1, 4}, {3}, {}});
    REQUIRE(problems.parameters.size() == 1);
    CHECK(problems.parameters[0].name == "s");
    CHECK(comparable(problems.parameters[0].numbers) == Numbers{2, 1, 4, 3});
    CHECK(problems.lower.empty());
    CHECK(comparable(problems.upper) == Numbers{-99, 4, -99, -99, -99, -99, -99, 1});
    CHECK(comparable(problems.starts) == Numbers{5, -1, 3, 1, 2, 2, 1, 1});
}

TEST_CASE("without a group each row of the table of problems has all rows of the data") {
    const CsvTable of_problems("s,k.lower\n1,0\n2,\n");
    const FitInput input =
        fit_input(model, box, CsvTable("t,y\n0,1\n1,2\n2,3\n"), {.problems = &of_problems});
    const Problems problems = input.problems();
    CHECK(problems.first_rows == std::vector<std::size_t>{0, 3, 6});
    CHECK(rows_of(problems, "y") == std::vector<Numbers>{{1, 2, 3}, {1, 2, 3}});
    CHECK(comparable(problems.lower) == Numbers{-99, 0, -99, -99});
}

TEST_CASE("a variable that the box fixes needs no start") {
    const Box fixed{{"a", 2, 2}, {"x", 0, 1, 2}};
    const CsvTable of_problems("x[0].start,x[1].start,x[1].lower\n0.5,0.25,0.1\n");
    const FitInput input = fit_input({.formula = "a*x[0] + x[1]*t", .response = "t"}, fixed,
                                     CsvTable("t\n1\n"), {.problems = &of_problems});
    CHECK(input.starts == Numbers{2, 0.5, 0.25});
    CHECK(comparable(input.lower) == Numbers{-99, -99, 0.1});
}

TEST_CASE("what tables get wrong is named") {
    const std::map<std::string, std::string> by_problems = {
        {"id,s\na,1\nb,2\n", "group 'id': the table of problems has no row with the key 'c'"},
        {"id,s\na,1\nb,2\nc,3\na,4\n", "group 'id': the table of problems has two rows with the key 'a'"},
        {"s\n1\n", "group 'id': the table of problems has no column of that name; the columns are s"},
        {"id,k\na,1\nb,1\nc,1\n",
         "column 'k' of the table of problems: is a variable; its start is called 'k.start', its bounds are "
         "'k.lower' and 'k.upper'"},
        {"id,t\na,1\nb,1\nc,1\n",
         "column 't' of the table of problems: the data has a column of that name, too"},
        {"id,kk.lower\na,1\nb,1\nc,1\n",
         "column 'kk.lower' of the table of problems: unknown variable 'kk'; known: a, k"},
        {"id,a.start,k.start\na,1,1\nb,1,\nc,1,1\n",
         "column 'k.start' of the table of problems: no value in row 2 below the header"},
        {"id,a.start\na,1\nb,1\nc,1\n", "the table of problems has starts, but no column 'k.start'"},
    };
    for (const auto& [problems, message] : by_problems)
        CHECK(refusal(interleaved, "id", problems) == message);
    CHECK(refusal("t,y\n1,2\n", "id", "") ==
          "group 'id': the data has no column of that name; the columns are t, y");
    CHECK(refusal("id,t,y\na,1,2\n,2,3\n", "id", "") ==
          "group 'id': the data has no key in row 2 below the header");
    CHECK(refusal("t,y,k\n1,2,3\n", "", "") == "column 'k': this is the name of a variable, too");
    CHECK_THAT(refusal("t,y\n1,2\n\n3,high\n", "", ""), ContainsSubstring("d.csv, line 4: ") &&
                                                            ContainsSubstring("'y'") &&
                                                            ContainsSubstring("'high'"));
    Model with_parameter = model;
    with_parameter.parameters = {{"s", 1}};
    CHECK(refusal("t,y\n1,2\n", "", "s\n1\n", with_parameter) ==
          "column 's' of the table of problems: is a parameter of all problems, too");
}

TEST_CASE("rows to predict are those of each problem, or all of them") {
    const FitInput fitted = fit_input(model, box, CsvTable(interleaved), {.group = "id"});
    const FitInput by_key = prediction_input(model, box, CsvTable("t,id\n7,a\n8,c\n9,a\n"), fitted, "id");
    CHECK(rows_of(by_key.problems(), "t") == std::vector<Numbers>{{}, {7, 9}, {8}});
    CHECK(by_key.keys == fitted.keys);
    const FitInput all = prediction_input(model, box, CsvTable("t\n7\n8\n"), fitted, "id");
    CHECK(rows_of(all.problems(), "t") == std::vector<Numbers>{{7, 8}, {7, 8}, {7, 8}});
    CHECK(all.columns.size() == 1);  // the response is not needed
    CHECK_THROWS_WITH(prediction_input(model, box, CsvTable("t,id\n7,z\n"), fitted, "id"),
                      "group 'id': rows to predict have the key 'z', which no problem has");
    CHECK_THROWS_WITH(prediction_input(model, box, CsvTable("time\n7\n"), fitted),
                      "the rows to predict have no column 't'; the formula names it");
}

TEST_CASE("names are found in a formula where they are whole words") {
    const std::vector<std::string> names = {"t", "e5", "exp", "x_1", "y", "z", "x"};
    CHECK(names_in("a*exp (-x_1*2e5) # y\n + t", names) == std::vector<std::string>{"t", "x_1"});
    CHECK(names_in("1.5e5+z", names) == std::vector<std::string>{"z"});
    CHECK(names_in("", names).empty());
}
