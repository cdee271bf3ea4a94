// Tables as CSV: what is read from text as people and programs write it, what is refused and with which
// words, and that what is written reads back.
#include "lanewise/csv.hpp"

#include <rapidcheck.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>
#include <utility>

#include "catch.hpp"
#include "lanewise/data.hpp"

using namespace lanewise;

namespace {

using Names = std::vector<std::string>;
using Numbers = std::vector<double>;
using Texts = std::vector<std::string>;

constexpr double missing = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// The same doubles, where all NaN are one.
bool is_same(const Numbers& a, const Numbers& b) {
    const auto bits = [](double x) { return std::bit_cast<std::uint64_t>(std::isnan(x) ? missing : x); };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](double x, double y) { return bits(x) == bits(y); });
}

template <class Work>
void check_refused(Work&& work, const std::string& message) {
    INFO(message);
    CHECK_THROWS_AS(work(), std::invalid_argument);
    CHECK_THROWS_WITH(work(), ContainsSubstring(message));
}

void check_no_table(const std::string& text, const std::string& message) {
    INFO(text);
    check_refused([&] { CsvTable(text, "d.csv"); }, message);
}

void check_no_number(const std::string& text, const std::string& name, const std::string& message) {
    INFO(text);
    const CsvTable table(text, "d.csv");
    check_refused([&] { table.numbers(name); }, message);
}

}  // namespace

TEST_CASE("a table is read whatever separates its columns and ends its lines") {
    for (const std::string text :
         {"t,y z\n1,2\n3,4\n", "t;y z\n1;2\n3;4", "t\ty z\n1\t2\n3\t4\n", "t \"y z\"\n1 2\n3 4\n",
          "\xEF\xBB\xBFt,y z\r\n1,2\r\n3,4\r\n", "t,y z\r1,2\r3,4\r",
          "\n# of May\n\n t , y z \n\n 1 ,\t2\n  \n # no\n3,4 ",
          "\"t\",\"y z\"\n\"1\",\"2\"\n\"3\", \" 4 \" \n", "  t   \"y z\" \n 1\t2 \n\t3    4\n",
          "t\t\"y z\"\n1 \t 2\n3\t4", " t \"y z\" \t\n1 2\t\n3 4\n", "+0,,t,y z,\n,,1,+2,\n,,3,4e0,"}) {
        INFO(text);
        const CsvTable table(text);
        CHECK(table.rows() == 2);
        CHECK(table.numbers("t") == Numbers{1, 3});
        CHECK(table.numbers("y z") == Numbers{2, 4});
        CHECK(table.has("y z"));
        CHECK_FALSE(table.has("y"));
        CHECK_FALSE(table.has(""));
    }
    CHECK(CsvTable("t,\"y\",,t0\n1,2,3,4").names() == Names{"t", "y", "t0"});
    CHECK(CsvTable("t,y\n").rows() == 0);
    CHECK(CsvTable("t,y").numbers("y").empty());
    CHECK(CsvTable("1,t\n2,3").numbers("1") == Numbers{2});
    // The first of ';', ',' and tab, where it is not in quotes.
    CHECK(CsvTable("a,b;c\td\n1;2").names() == Names{"a,b", "c\td"});
    CHECK(CsvTable("\"a;\"\"b;\",c\n1,2").names() == Names{"a;\"b;", "c"});
    CHECK(CsvTable("a \"b,c\"\n1 2").names() == Names{"a", "b,c"});
    CHECK(CsvTable("\"a\nb;\",c\n1,2").names() == Names{"a\nb;", "c"});
}

TEST_CASE("cells in quotes hold separators, line breaks and quotes") {
    const CsvTable table(
        "who,\"says, \"\"what\"\"\",y\n\"Doe, J.\",\"\"\"no\"\"\nor\r\n#yes\",1\n 5\" ,\"\",2\n\" x "
        "\",\"a\"\"\"\"b\" , \"3\"\n");
    CHECK(table.names() == Names{"who", "says, \"what\"", "y"});
    CHECK(table.texts("who") == Texts{"Doe, J.", "5\"", " x "});
    CHECK(table.texts("says, \"what\"") == Texts{"\"no\"\nor\r\n#yes", "", "a\"\"b"});
    CHECK(table.numbers("y") == Numbers{1, 2, 3});
    check_no_table("a,b\n1,2\n\"1,2\n3,4\n", "d.csv, line 3: a quote is not closed");
    check_no_table("\"a", "d.csv, line 1: a quote is not closed");
    check_no_table("a,b\n\"1\"0,2\n", "d.csv, line 2: there is text after the quotes of '1'");
}

TEST_CASE("numbers are read to the same double, and missing ones are NaN") {
    const CsvTable table("y,z\n,0\nNaN,1\nnan,2\nNA,3\n n/a ,4\nNULL,5\nNone,6\n\"\",7\n\" \",8\n");
    CHECK(is_same(table.numbers("y"), Numbers(9, missing)));
    CHECK(table.numbers("z") == Numbers{0, 1, 2, 3, 4, 5, 6, 7, 8});
    CHECK(table.texts("y") == Texts{"", "NaN", "nan", "NA", "n/a", "NULL", "None", "", " "});
    CHECK(
        is_same(CsvTable("y\ninf\n-inf\nInfinity\n+inf\n-0\n+1.5e-3\n.5\n5.\n1E3\n4.9e-324\n0.1\n\"\"\n")
                    .numbers("y"),
                {infinity, -infinity, infinity, infinity, -0.0, 1.5e-3, .5, 5, 1e3, 4.9e-324, 0.1, missing}));
}

TEST_CASE("text in a column of numbers is refused with its line, column and words") {
    check_no_number("# of May\n\nt,y\n1,2\n\"1\",\"two\"\n", "y",
                    "d.csv, line 5: column 'y': 'two' is not a number; columns are separated by ','");
    // Lines are those of the file, whatever is skipped, and breaks in quotes count.
    check_no_number("t,\"y\n\"\r\n1,2\r\n#\r\n\"1\r\n2\r3\n4\",3\r\n\r\nx,0", "t",
                    "d.csv, line 5: column 't': '1");
    check_no_number("n,y\n\"a\r\nb\rc\nd\",1\n\n\"e\",x\n", "y", "d.csv, line 7: column 'y': 'x' is not");
    check_no_number(
        "t;y\n1;3,14", "y",
        "d.csv, line 2: column 'y': '3,14' is not a number: a decimal point is needed; columns are "
        "separated by ';'");
    check_no_number("t\ty\n1\t-3,1e5", "y", "'-3,1e5' is not a number: a decimal point is needed");
    check_no_number("t;y\n1;1,000,000", "y", "'1,000,000' is not a number; columns");
    for (const std::string text :
         {"1 2", "1x", "0x10", "--1", "+-1", "++1", "1e", "-", ".", "1_0", "nah", "n a", "true"})
        check_no_number("t,y\n1," + text + "\n", "y", "line 2: column 'y': '" + text + "' is not a number;");
    for (const std::string text : {"1e400", "-1e400", "1e-400"})
        check_no_number("y\n" + text, "y",
                        "line 2: column 'y': '" + text + "' is beyond the range of double precision");
    const std::string longer(100, 'x');
    check_no_number("y\n" + longer, "y", "'" + longer.substr(0, 60) + "...' is not a number");
}

TEST_CASE("a column that is not there is refused with those that are") {
    const std::string text = "# of May\ntime;count\n1;2\n";
    check_no_number(
        text, "tmie",
        "d.csv, line 2: no column 'tmie'; did you mean 'time'? The columns, separated by ';', are "
        "'time', 'count'");
    check_no_number(text, "Time", "no column 'Time'; did you mean 'time'?");
    check_no_number(text, "weight", "no column 'weight'. The columns, separated by ';', are 'time', 'count'");
    check_no_number("a,,b\n1,2,3", "", "no column ''. The columns, separated by ',', are 'a', 'b'");
    check_refused([&] { CsvTable(text).texts("who"); }, "data file, line 2: no column 'who'");
    check_refused([&] { CsvTable(text).data({"time", "who"}); }, "data file, line 2: no column 'who'");
}

TEST_CASE("what is no table is refused before any number is read") {
    for (const std::string text : {"", "\n\n", "# only\n", "\xEF\xBB\xBF", " \t\r\n"})
        check_no_table(text, "d.csv: no header line of names in it");
    check_no_table("1,2\n3,4\n",
                   "d.csv, line 1: a header line of names is expected; there are numbers: '1', '2'");
    check_no_table("# t y\n\n1 -2e3 inf\n",
                   "d.csv, line 3: a header line of names is expected; there are numbers");
    check_no_table(",1\n", "d.csv, line 1: a header line of names is expected; there are numbers: '1'");
    check_no_table(",,\n1,2,3\n", "d.csv, line 1: a header line of names is expected; all cells are empty");
    check_no_table("t,y,t\n", "d.csv, line 1: there are two columns 't'");
    check_no_table("t,y\n1,2\n\n3\n", "d.csv, line 4: 1 cells, separated by ','; the header line has 2");
    check_no_table("t;y\n1;2;\n", "d.csv, line 2: 3 cells, separated by ';'; the header line has 2");
    check_no_table("t y\n1 2 3\n", "d.csv, line 2: 3 cells, separated by blanks; the header line has 2");
    check_no_table("t\ty\n1 2\n", "d.csv, line 2: 1 cells, separated by tabs; the header line has 2");
    using namespace std::string_literals;
    check_no_table("\xFF\xFEt\0,\0y\0"s, "d.csv: the text is UTF-16; UTF-8 is needed");
    check_no_table("\xFE\xFF\0t"s, "d.csv: the text is UTF-16; UTF-8 is needed");
    check_no_table("t\0,\0y\0"s, "d.csv: there are NUL bytes in it");
}

TEST_CASE("a table can be moved and copied") {
    auto table = std::make_unique<CsvTable>("a,b\n1,x\n");  // so short that it lies in the string itself
    const CsvTable copy = *table;
    const CsvTable moved = std::move(*table);
    table.reset();
    for (const CsvTable* of : {&copy, &moved}) {
        CHECK(of->numbers("a") == Numbers{1});
        CHECK(of->texts("b") == Texts{"x"});
    }
}

TEST_CASE("data are columns of one length with names of their own") {
    const Data data = CsvTable("t,who,y\n1,a,3\n2,b,\n").data({"y", "t"});
    CHECK(data.rows() == 2);
    REQUIRE(data.columns().size() == 2);
    CHECK(data.columns()[0].name == "y");
    CHECK(is_same(data.columns()[0].numbers, {3, missing}));
    REQUIRE(data.find("t") == &data.columns()[1]);
    CHECK(data.find("t")->numbers == Numbers{1, 2});
    CHECK(data.find("who") == nullptr);
    CHECK(Data().rows() == 0);
    CHECK(Data().find("t") == nullptr);
    check_refused([] { Data({{"t", {1, 2}}, {"y", {1}}}); }, "column 'y' has 1 rows, column 't' has 2");
    check_refused([] { Data({{"t", {1}}, {"y", {1}}, {"t", {2}}}); }, "column 't' is given twice");
    check_refused([] { Data({{"t", {1}}, {"", {1}}}); }, "column 2 of the data has no name");
    check_refused([] { CsvTable("t,y\n").data({"t", "t"}); }, "column 't' is given twice");
}

TEST_CASE("a table of a formula is one column or one line of numbers") {
    for (const std::string text :
         {"1\n2.5\n-3\n", "c\n1\n2.5\n-3", "1,2.5,-3\n", "1;2.5;-3", "1 2.5 -3\r\n", "# c\n\n1\t+2.5\t-3",
          "\xEF\xBB\xBF\"my c\"\r\n1\r\n\r\n# half\r\n2.5\r\n\" -3 \"\r\n", "\"c\"\n1\n2.5\n-3\n"}) {
        INFO(text);
        CHECK(parse_table_csv(text) == Numbers{1, 2.5, -3});
    }
    CHECK(parse_table_csv("7") == Numbers{7});
    const auto fails_with = [](const std::string& text, const std::string& message) {
        INFO(text);
        check_refused([&] { parse_table_csv(text, "c.csv"); }, message);
    };
    fails_with("", "c.csv: no number in it");
    fails_with("c\n", "c.csv: no number in it");
    fails_with("c\n1\nNA\n",
               "c.csv, line 3: a number is missing: 'NA'; a table is one column of numbers, or one line");
    fails_with("NA\n1\n", "c.csv, line 1: a number is missing: 'NA'");
    fails_with("1,,3\n", "c.csv, line 1: a number is missing: ''");
    fails_with("1\nx\n", "c.csv, line 2: 'x' is not a number; a table is one column of numbers, or one line");
    fails_with("a,b\n1,2\n", "c.csv, line 1: 'a' is not a number;");
    fails_with("1,2\n3,4\n", "c.csv, line 2: 2 cells, separated by ','; a table is one column");
    fails_with("1,2\n3\n", "c.csv, line 2: 1 cells, separated by ','; a table is one column");
    fails_with("1\n2\n3 4\n", "c.csv, line 3: 2 cells, separated by blanks; a table is one column");
    fails_with("c\n3,14\n", "c.csv, line 2: '3,14' is not a number: a decimal point is needed;");
}

TEST_CASE("a writer writes whole lines, and quotes where they are needed") {
    std::vector<std::string> lines;
    CsvWriter writer({"t", "k, 1/s"}, [&](std::string_view line) { lines.emplace_back(line); });
    CHECK(lines == Texts{"t,\"k, 1/s\"\n"});
    writer.number(0.1);
    CHECK(lines.size() == 1);
    writer.text("say \"no\"").number(missing).number(-infinity).number(1e300).text("");
    CHECK(lines == Texts{"t,\"k, 1/s\"\n", "0.1,\"say \"\"no\"\"\"\n", ",-inf\n", "1e+300,\n"});
    const auto columns = [](const Names& names) { CsvWriter(names, [](std::string_view) {}); };
    check_refused([&] { columns({}); }, "a table to be written needs at least one column");
    check_refused([&] { columns({"a", ""}); }, "a column of a table to be written has no name");
    check_refused([&] { columns({"a", "b", "a"}); }, "a table to be written has two columns 'a'");
}

TEST_CASE("a writer goes on after a sink that threw") {
    std::string text;
    bool is_full = false;
    CsvWriter writer({"a", "b"}, [&](std::string_view line) {
        if (is_full) throw std::runtime_error("full");
        text += line;
    });
    is_full = true;
    writer.number(1);
    CHECK_THROWS_WITH(writer.number(2), "full");
    is_full = false;
    writer.number(3).number(4);
    CHECK(text == "a,b\n3,4\n");
}

TEST_CASE("what is written reads back: texts, doubles, missing values", "[random]") {
    const bool holds = rc::check("a table is written and read", [](std::uint64_t seed) {
        std::mt19937_64 random(seed);
        const auto below = [&](std::size_t count) {
            return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
        };
        const auto random_number = [&] {
            constexpr std::array special = {
                missing, -0.0, 0.0, infinity, -infinity, 5e-324, 1.7976931348623157e308};
            return below(3) == 0 ? special[below(special.size())] : std::bit_cast<double>(random());
        };
        const auto random_text = [&] {
            constexpr std::array<std::string_view, 16> parts = {
                ",", ";",  "\t",           " ",        "\"", "\n", "\r", "#", "a",
                "1", "NA", "\xEF\xBB\xBF", "\xFF\xFE", "é",  "'",  "\\"};
            std::string text;
            for (std::size_t left = below(5); left > 0; --left) text += parts[below(parts.size())];
            return text;
        };
        const std::size_t width = 1 + below(4);
        const std::size_t rows = below(6);
        Names names;
        std::vector<bool> has_numbers;
        for (std::size_t c = 0; c < width; ++c) {
            names.push_back(random_text() + "x" + std::to_string(c));
            has_numbers.push_back(below(2) == 0);
        }
        std::vector<Numbers> numbers(width);
        std::vector<Texts> texts(width);
        std::string text;
        CsvWriter writer(names, [&](std::string_view line) { text += line; });
        for (std::size_t row = 0; row < rows; ++row) {
            for (std::size_t c = 0; c < width; ++c) {
                if (has_numbers[c]) {
                    writer.number(numbers[c].emplace_back(random_number()));
                } else {
                    writer.text(texts[c].emplace_back(random_text()));
                }
            }
        }
        const CsvTable table(text);
        RC_ASSERT(table.names() == names);
        RC_ASSERT(table.rows() == rows);
        for (std::size_t c = 0; c < width; ++c) {
            if (has_numbers[c]) {
                RC_ASSERT(is_same(table.numbers(names[c]), numbers[c]));
            } else {
                RC_ASSERT(table.texts(names[c]) == texts[c]);
            }
        }
    });
    CHECK(holds);
}

TEST_CASE("a table is the same however its text is dressed", "[random]") {
    const bool holds = rc::check("blanks, quotes, comments, separators", [](std::uint64_t seed) {
        std::mt19937_64 random(seed);
        const auto one_of = [&](auto... choices) {
            const std::array<std::string, sizeof...(choices)> list = {choices...};
            return list[std::uniform_int_distribution<std::size_t>(0, list.size() - 1)(random)];
        };
        const std::string separator = one_of(",", ";", "\t", " ");
        const std::string end = one_of("\n", "\r\n", "\r");
        std::string text = one_of("", "\xEF\xBB\xBF");
        std::vector<std::size_t> lines;
        std::size_t line = 1;
        const auto put_row = [&](const Texts& cells) {
            for (std::string skipped = one_of("", "#\"", " # a;b", " "); !skipped.empty(); ++line) {
                text.append(skipped).append(end);
                skipped = one_of("", "", "\t");
            }
            lines.push_back(line++);
            for (std::size_t c = 0; c < cells.size(); ++c) {
                const std::string quote = one_of("", "\"");
                if (c > 0) text += separator;
                text += one_of("", " ").append(quote).append(cells[c]).append(quote).append(one_of("", " "));
            }
            text += end;
        };
        put_row({"a", "b", "c"});
        Numbers numbers;
        const std::size_t rows = 1 + random() % 5;
        for (std::size_t row = 0; row < rows; ++row) {
            numbers.push_back(static_cast<double>(random() % 1000) / 8);
            put_row({"1", one_of("", "+") + std::to_string(numbers.back()), row + 1 == rows ? "no" : "2"});
        }
        if (one_of("", "cut").empty()) text.resize(text.size() - end.size());
        const CsvTable table(text);
        RC_ASSERT(table.numbers("b") == numbers);
        std::string message;
        try {
            table.numbers("c");
        } catch (const std::invalid_argument& error) {
            message = error.what();
        }
        const std::string place = "data file, line " + std::to_string(lines.back()) + ": column 'c': 'no' is";
        RC_ASSERT(message.substr(0, place.size()) == place);
    });
    CHECK(holds);
}
