// Formulas of extreme shape: they compile in about the time their size asks for, or are refused at once.
#include <string>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;

namespace {

const Box box{{"x", -5, 5}, {"y", -5, 5}};

/// `part` many times between the two others.
std::string repeated(std::string before, const std::string& part, int times, const std::string& after = {}) {
    for (int i = 0; i < times; ++i) before += part;
    return before + after;
}

Evaluation evaluate_text(const std::string& text) {
    return evaluate(Expression(text, box), std::vector<double>{0.5, 1.5});
}

}  // namespace

TEST_CASE("chains that rewrite one another do not fill the stack") {
    const std::string sum = repeated(repeated("min(1, x", "*1e60", 100'000, " + y"), "*1e60", 100'000, ")");
    CHECK(evaluate_text(sum).f == 1);
    CHECK(evaluate_text(repeated("if(", "not ", 100'000, "x, x, y)")).f == 0.5);
    CHECK(evaluate_text(repeated("", "-", 100'000, "x")).f == 0.5);
    CHECK(evaluate_text(repeated("x", "^1", 100'000)).f == 0.5);
}

TEST_CASE("long masked products take no longer than others") {
    CHECK(evaluate_text("if(x > 1, -prod(i, 1, 100000, y), y)").gradient == std::vector<double>{0, 1});
}

TEST_CASE("many names, definitions and comments are read in no time") {
    std::string text;
    for (int i = 0; i < 20'000; ++i) {
        const std::string number = std::to_string(i);
        text.append("a").append(number).append(" = x + ").append(number).append("; # one more\n");
    }
    CHECK(evaluate_text(text + "a19999").f == 19999.5);
    CHECK(evaluate_text(repeated("x", "# nothing\n", 100'000)).f == 0.5);
}

TEST_CASE("what is too large is refused") {
    const auto refuses = [](const char* text, const char* message) {
        CHECK_THROWS_WITH(Expression(text, box), ContainsSubstring(message));
    };
    refuses("sum(i, 1, 1e15, x)", "grows beyond 2000000 operations");
    refuses("prod(i, 1, 2000, sum(j, 1, 2000, x^y))", "grows beyond 2000000 operations");
    // A number, a product and a sum for each i.
    refuses("sum(i, 1, 670000, i*x)", "grows beyond 2000000 operations");
    refuses("sum(i, -1e15, 1e15, sum(j, 1, 0, x))", "operations here");
    refuses("sum(i, 1, 3, sum(j, 1, 3, x)) + sum(i, 1, 1e4, sum(j, 1, 1e4, 1))", "more than 20000000 steps");
}

TEST_CASE("constants that only double precision holds do not break single precision") {
    for (const char* text :
         {"if(x > 9, x, y^2 + x^2)", "if(x < 9, y^2 + x^2, y*cosh(5)^31)", "1e25*(1e25*(1e-40*x^2)) + y^2"}) {
        INFO(text);
        CHECK(minimize(text, box, {.starts = 32, .precision = Precision::f32}).best.f < 1e-3);
    }
}
