// Sums over rows of data in formulas: what they are when they are written out, by interpreter and machine
// code, and what is said of those that cannot be.
#include <fmt/format.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "bits_of.hpp"
#include "catch.hpp"
#include "lanewise/lanewise.hpp"
#include "machine/assembler.hpp"

using namespace lanewise;

namespace {

const Box plane{{"a", 0.5, 3}, {"k", 0.1, 2}};

Data some_data(std::size_t rows, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> between(0.1, 2);
    std::vector<double> t(rows);
    std::vector<double> y(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        t[i] = between(random);
        y[i] = between(random);
    }
    return Data({{"t", t}, {"y", y}});
}

/// A formula with rows, and what it is of: a text with {} for rows(...), and the bodies.
struct Case {
    std::string text;
    std::vector<std::string> bodies;

    std::string with_rows() const {
        return filled([](const std::string& body) { return "rows(" + body + ")"; });
    }
    /// Each row's numbers in the places of t and y, added up from the first.
    std::string written_out(const Data& data) const {
        return filled([&](const std::string& body) {
            std::string sum;
            for (std::size_t row = 0; row < data.rows(); ++row) {
                std::string term = body;
                for (const Column& column : data.columns()) replace(term, column, row);
                sum += (row == 0 ? "(" : " + (") + term + ")";
            }
            return "(" + sum + ")";
        });
    }

  private:
    template <class Write>
    std::string filled(Write write) const {
        std::string filled;
        std::size_t body = 0;
        for (const char c : text) {
            if (c == '@') {
                filled += write(bodies[body++]);
            } else {
                filled += c;
            }
        }
        return filled;
    }

    /// Columns have names of one letter, which no function begins or ends with next to a blank.
    static void replace(std::string& term, const Column& column, std::size_t row) {
        const std::string name = "`" + column.name;
        for (std::size_t at = term.find(name); at != std::string::npos; at = term.find(name))
            term.replace(at, name.size(), fmt::format("({})", to_text(column.numbers[row])));
    }
};

std::string number_bits(double number) {
    return std::to_string(std::bit_cast<std::uint64_t>(number)) + " ";
}

/// Names of columns are marked in the cases.
std::string unmarked(std::string text) {
    std::erase(text, '`');
    return text;
}

const std::vector<Case> cases = {
    {"@", {"(`y - a*exp(-k*`t))^2"}},
    {"@ + 0.1*k^2", {"(`y - a*exp(-k*`t))^2"}},
    {"@ + @", {"a*`t", "k*`y"}},
    {"log(@)*sqrt(@)", {"(`y - a*`t)^2", "exp(k*`t)"}},
    {"@/(1 + @)", {"sin(k*`t)*cos(k*`t)*a", "`y^2"}},
    {"(@ - a)^2", {"if(`t < 1, k*`t, a*k)"}},
    {"a*@", {"1"}},
    {"@", {"a^2 + k"}},
    {"@ + sum(i, 0, 2, a*i + k)", {"abs(`y - a*`t)"}},
    {"m = @/@; a*m + k", {"`y*k", "`t*a"}},
    {"@*@*@", {"min(`y, a)", "atan2(`t, k)", "erf(`y*k)"}},
    {"prod(i, 1, 2, a + i)*@", {"`t^2 - 3*k*`t + `y"}},
};

void check_close(const Evaluation& ours, const Evaluation& theirs) {
    const auto close = [](double a, double b, double size) {
        return std::abs(a - b) <= 1e-11 * (std::abs(b) + size);
    };
    CHECK(close(ours.f, theirs.f, 0));
    double size = 0;
    for (const double g : theirs.gradient) size = std::max(size, std::abs(g));
    for (std::size_t j = 0; j < theirs.gradient.size(); ++j)
        CHECK(close(ours.gradient[j], theirs.gradient[j], size));
}

std::vector<std::vector<double>> some_points(std::size_t count) {
    std::mt19937 random(3);
    std::uniform_real_distribution<double> unit(0, 1);
    std::vector<std::vector<double>> points(count);
    for (auto& x : points) x = {0.5 + 2.5 * unit(random), 0.1 + 1.9 * unit(random)};
    return points;
}

std::string refusal(const std::string& text, const Data& data, const Tables& tables = {},
                    const Parameters& parameters = {}) {
    try {
        const Expression expression(text, plane, parameters, data, tables);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("sums over rows are what they are written out") {
    for (const std::size_t rows : {1, 2, 7}) {
        const Data data = some_data(rows);
        for (const Case& it : cases) {
            INFO(it.text << " of " << rows << " rows");
            const Expression ours(unmarked(it.with_rows()), plane, {}, data);
            const Expression theirs(it.written_out(data), plane);
            for (const std::vector<double>& x : some_points(5))
                check_close(evaluate(ours, x), evaluate(theirs, x));
        }
    }
}

TEST_CASE("rows inside of rows are sums of their own") {
    const Data data = some_data(9);
    const Expression ours("rows(d = y*a - rows(y*k)/rows(1); d^2*t)", plane, {}, data);
    const std::vector<double>& t = data.columns()[0].numbers;
    const std::vector<double>& y = data.columns()[1].numbers;
    const auto value = [&](double a, double k) {
        double mean = 0;
        for (const double of_row : y) mean += of_row * k / static_cast<double>(y.size());
        double sum = 0;
        for (std::size_t i = 0; i < y.size(); ++i) sum += std::pow(y[i] * a - mean, 2) * t[i];
        return sum;
    };
    const Evaluation at = evaluate(ours, std::vector<double>{1.5, 0.7});
    CHECK(at.f == Approx(value(1.5, 0.7)).epsilon(1e-13));
    constexpr double h = 1e-5;
    CHECK(at.gradient[0] == Approx((value(1.5 + h, 0.7) - value(1.5 - h, 0.7)) / (2 * h)).epsilon(1e-8));
    CHECK(at.gradient[1] == Approx((value(1.5, 0.7 + h) - value(1.5, 0.7 - h)) / (2 * h)).epsilon(1e-8));
}

TEST_CASE("sums over rows have the same bits by interpreter and machine code, on every instruction set") {
    const Data data = some_data(21);
    const auto points = some_points(37);
    std::vector<Case> all = cases;
    // So far out that sine and cosine are a function's affair.
    all.push_back({"@", {"sin(1e9*k*`t) + cos(3e8*a*`y)*`t"}});
    all.push_back({"@", {"s = `t*a; c = s + rows(y*k); sin(c)^2 + cos(c)"}});
    for (const Case& it : all) {
        INFO(it.text << " of " << it.bodies.front());
        std::string fused;
        for (const Isa isa : built_isas()) {
            if (!isa_available(isa)) continue;
            const Expression expression(unmarked(it.with_rows()), plane, {}, data);
            const auto bits = [&] {
                std::string of_all;
                for (const Evaluation& at : evaluate(expression, points, isa)) {
                    of_all += number_bits(at.f);
                    for (const double g : at.gradient) of_all += number_bits(g);
                }
                return of_all;
            };
            const std::string interpreted = bits();
            if (isa != Isa::sse2) {
                CHECK((fused.empty() || interpreted == fused));
                fused = interpreted;
            }
            if (!machine::has_machine_code(isa) || isa == Isa::neon) continue;
            expression.compile(isa, Precision::f64);
            CHECK(expression.machine_code(isa, Precision::f64).bytes > 0);
            CHECK(bits() == interpreted);
        }
    }
}

TEST_CASE("a program does not grow with the rows of its data") {
    const Expression few("rows((y - a*exp(-k*t))^2)", plane, {}, some_data(3));
    const Expression many("rows((y - a*exp(-k*t))^2)", plane, {}, some_data(3000));
    CHECK(few.operations() == many.operations());
    CHECK(few.dump() == many.dump());
}

TEST_CASE("columns and tables that cannot be understood are named") {
    const Data data = some_data(3);
    CHECK_THAT(refusal("rows(y - a)", {}), ContainsSubstring("and there is none"));
    CHECK_THAT(
        refusal("y - a", data),
        ContainsSubstring("'y' is not known; it is a column of the data, which has a meaning only in rows"));
    CHECK_THAT(refusal("rows(z - a)", data), ContainsSubstring("'z' is not known"));
    CHECK_THAT(refusal("rows(a)", Data({{"a", {1}}})),
               ContainsSubstring("'a' is a variable and a column of the data"));
    CHECK_THAT(refusal("rows(y = 2; y)", data),
               ContainsSubstring("the name 'y' is taken by a column of the data"));
    CHECK_THAT(refusal("rows(d = y; d) + d", data), ContainsSubstring("'d' is not known"));
    CHECK_THAT(refusal("rows(y - a", data), ContainsSubstring("')' or an operator is expected here"));
    CHECK_THAT(refusal("rows(y)", Data({{"y", {1, std::nan(""), 2}}})),
               ContainsSubstring("column 'y': the number of row 2 is missing"));
    CHECK(refusal("rows(t)", Data({{"t", {1}}, {"y", {std::nan("")}}})) == "accepted");
    CHECK(refusal("rows = a; rows + k", {}) == "accepted");
    CHECK_THAT(refusal("c[3]*a", data, {{"c", {1, 2, 3}}}),
               ContainsSubstring("'c[3]' does not exist: the indices are 0 to 2"));
    CHECK_THAT(refusal("c*a", data, {{"c", {1}}}), ContainsSubstring("'c' is a table"));
    CHECK_THAT(refusal("a", data, {{"a", {1}}}), ContainsSubstring("table 'a' is also a variable"));
    CHECK_THAT(refusal("a", data, {{"c", {1}}}, {{"c", 1}}),
               ContainsSubstring("table 'c' is also a parameter"));
    CHECK_THROWS_WITH(Data({{"t", {1}}, {"t", {2}}}), ContainsSubstring("'t'"));
    CHECK_THROWS_WITH(Data({{"t", {1}}, {"y", {2, 3}}}), ContainsSubstring("'y'"));
}

TEST_CASE("numbers of tables are those at their index") {
    const Tables tables = {{"c", {2, 3, 5}}};
    const Expression expression("sum(i, 0, n(c) - 1, c[i]*a^i) + rows(c[1]*t)", plane, {}, some_data(4),
                                tables);
    const std::vector<double> t = some_data(4).columns()[0].numbers;
    const double sum = t[0] + t[1] + t[2] + t[3];
    CHECK(evaluate(expression, std::vector<double>{2.0, 1.0}).f == Approx(2 + 6 + 20 + 3 * sum));
}

TEST_CASE("a search over rows finds the fit, whatever threads and tiles") {
    std::vector<double> t(40);
    std::vector<double> y(40);
    for (std::size_t i = 0; i < t.size(); ++i) {
        t[i] = 0.1 * static_cast<double>(i);
        y[i] = 2 * std::exp(-0.5 * t[i]);
    }
    const Data data({{"t", t}, {"y", y}});
    const Expression expression("rows((y - a*exp(-k*t))^2)", plane, {}, data);
    Options options{.starts = 64, .iterations = 100, .threads = 1};
    const Result one = minimize(expression, plane, options);
    CHECK(one.best.x[0] == Approx(2).epsilon(1e-6));
    CHECK(one.best.x[1] == Approx(0.5).epsilon(1e-6));
    options.threads = 2;
    options.tile_lanes = 16;
    CHECK(test::bits_of(minimize(expression, plane, options)) == test::bits_of(one));
    options.precision = Precision::f32;
    CHECK(minimize(expression, plane, options).best.x[1] == Approx(0.5).epsilon(1e-4));
}

TEST_CASE("batches of rows: reproducible, and judged by all rows") {
    const std::size_t rows = 500;
    std::mt19937 random(5);
    std::normal_distribution<double> noise(0, 0.1);
    std::vector<double> t(rows);
    std::vector<double> y(rows);
    for (std::size_t i = 0; i < rows; ++i) {
        t[i] = 4 * static_cast<double>(i) / rows;
        y[i] = 2 * std::exp(-0.5 * t[i]) + noise(random);
    }
    const Data data({{"t", t}, {"y", y}});
    const Expression expression("rows((y - a*exp(-k*t))^2) + 0.1*k^2", plane, {}, data);
    Options options{.starts = 64, .iterations = 200, .batch_rows = 20, .polish = false, .threads = 1};
    const Result one = minimize(expression, plane, options);
    CHECK(one.best.f == evaluate(expression, one.best.x).f);
    const Result all = minimize(expression, plane, {.starts = 64});
    CHECK(one.best.f < all.best.f * 1.05);
    options.threads = 2;
    options.tile_lanes = 16;
    CHECK(test::bits_of(minimize(expression, plane, options)) == test::bits_of(one));
    options.seed = 1;
    CHECK(test::bits_of(minimize(expression, plane, options)) != test::bits_of(one));
    options.batch_rows = 501;
    CHECK_THROWS_WITH(minimize(expression, plane, options),
                      ContainsSubstring("batch-rows 501: must be 1 to 500, the rows of the data"));
    CHECK_THROWS_WITH(minimize("a + k", plane, {.batch_rows = 5}),
                      ContainsSubstring("batch-rows 5: the objective is no formula with rows(...)"));
}

TEST_CASE("a saved search goes on with the same data only") {
    const Expression ours("rows((y - a*exp(-k*t))^2)", plane, {}, some_data(30));
    const Expression theirs("rows((y - a*exp(-k*t))^2)", plane, {}, some_data(30, 2));
    std::string state;
    Options options{.starts = 32, .iterations = 50};
    options.checkpoint = [&](std::string_view at) { state = at; };
    const Result result = minimize(ours, plane, options);
    CHECK(test::bits_of(resume(state, ours, plane, options)) == test::bits_of(result));
    CHECK_THROWS_WITH(resume(state, theirs, plane, options),
                      ContainsSubstring("the saved search has others"));
    const auto description = [](std::size_t rows) {
        return Expression("rows(1)*(a^2 + k^2)", plane, {}, some_data(rows)).formula()->data;
    };
    CHECK(description(3) != description(5));
}
