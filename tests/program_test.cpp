// Text to program: values, gradients, errors.
#include <cmath>
#include <numbers>
#include <random>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"
#include "program/differentiate.hpp"
#include "program/optimise.hpp"
#include "program/translate.hpp"

using namespace lanewise;

namespace {

const Box xyz{{"x", -10, 10}, {"y", -10, 10}, {"v", -10, 10, 3}};

/// Value at x = 0.7, y = -1.3, v = [2, 3, 5].
double value(const std::string& text, const Parameters& parameters = {}) {
    return evaluate(Expression(text, xyz, parameters), std::vector<double>{0.7, -1.3, 2, 3, 5}).f;
}

std::string error(const std::string& text) {
    try {
        value(text);
    } catch (const ParseError& failure) {
        return failure.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("the language means what it says") {
    const double x = 0.7;
    const double y = -1.3;
    const std::vector<std::pair<std::string, double>> cases = {
        {"1 + 2*3", 7},
        {"2^3^2", 512},
        {"2**3**2", 512},
        {"-x^2", -x * x},
        {"(-x)^2", x * x},
        {"2^-1", 0.5},
        {"-2^-2", -0.25},
        {"2 - 3 - 4", -5},
        {"24/4/3", 2},
        {"2*-x", -2 * x},
        {"--x", x},
        {"+x - -y", x + y},
        {"1e3 + .5 + 2. + 1E-2", 1002.51},
        {"pi", std::numbers::pi},
        {"e^2", std::numbers::e * std::numbers::e},
        {"v[0] + 10*v[1] + 100*v[2]", 532},
        {"v[n(v)-1]", 5},
        {"sum(i, 0, n(v)-1, v[i]^2)", 38},
        {"prod(i, 0, 2, v[i])", 30},
        {"sum(i, 1, 3, sum(j, 1, i, i*j))", 25},
        {"sum(i, 3, 1, x)", 0},
        {"prod(i, 3, 1, x)", 1},
        {"sum(i, 0, 1, v[2*i])", 7},
        {"r = v[0] + 1; s = r*r; s - r", 6},
        {"r = x; # comment\n r + # another\n 1", 1.7},
        {"  x\n+\t1  ", 1.7},
        {"max(1, v[0], v[2], 3)", 5},
        {"min(v[0], y, x)", y},
        {"sum(x, 1, 3, x)", 6},
        {"x + sum(x, 1, 3, x) + x", 6 + 2 * x},
        {"x^0", 1},
        {"x^10", std::pow(x, 10)},
        {"x^-3", std::pow(x, -3)},
        {"x^0.5", std::sqrt(x)},
        {"y^3", y * y * y},
        {"(y + 0)^(1 + 1)", y * y},
        {"pow(x, y)", std::pow(x, y)},
        {"pow(y, 2)", y * y},
        {"10^-2", 0.01},
        {"3^5", 243},
        {"lgamma(v[2])", std::log(24)},
        {"x < y", 0},
        {"x > y", 1},
        {"v[0] <= 2", 1},
        {"v[0] >= 2.5", 0},
        {"x == x", 1},
        {"x != x", 0},
        {"x + 1 > y - 1 and y < 0", 1},
        {"not x > y or x > 5", 0},
        {"not (x > y and y > x)", 1},
        {"not not x", 1},
        {"1 - not x", 1},
        {"x > 0 or y > 0 and y > 1", 1},
        {"if(x > 0, v[1], v[2])", 3},
        {"if(x > 0 and y > 0, v[1], v[2])", 5},
        {"if(v[0] - 2, 1, 7)", 7},
        {"if(sqrt(y) > 0, 1, 2)", 2},
        {"a = x > y; if(a, 3, 4)", 3},
        {"android = 2; nothing = 3; orbit = 4; android*nothing*orbit", 24},
        {"sum(i, 0, 2, if(i == 1, v[i], 0))", 3},
        {"round(x) + 10*round(y) + 100*round(2.5) + 1000*round(-2.5)", 1 - 10 + 300 - 3000},
        {"trunc(x) + 10*trunc(y) + 100*trunc(-2.5)", -10 - 200},
        {"mod(7, 3) + 10*mod(-7, 3) + 100*mod(7, -3) + 1000*mod(v[2], v[0])", 1 + 20 - 200 + 1000},
        {"mod(y, 1)", -1.3 + 2},
        {"clamp(x, 0, 0.5) + 10*clamp(y, 0, 1) + 100*clamp(v[0], 0, 3)", 200.5},
        {"clamp(x, 3, 2)", 2},
        {"gamma(v[2]) + gamma(0.5)^2", 24 + std::numbers::pi},
        // Names of the newer functions can be those of something else.
        {"round = x^2; round + 1", x * x + 1},
        {"clamp = 2; mod = clamp + 1; trunc = mod; trunc*clamp", 6},
        {"sum(round, 0, 3, round)", 6},
        {"a = round(y); round = 7; a + round", 6},
        // Definitions in the body of a sum are of each integer, and end with the body.
        {"sum(i, 0, 2, r = v[i] - 1; r^2 + r^4)", 2 + 20 + 272},
        {"prod(i, 0, 2, r = v[i]; s = r + i; r*s;)", 4 * 12 * 35},
        {"sum(i, 0, 2, r = v[i]; r) + sum(i, 0, 2, r = i; r)", 13},
        {"a = sum(i, 0, 2, r = i; r); r = x; a + r", 3.7},
        {"r = sum(i, 0, 2, r = i; r); r", 3},
        {"c = 2; sum(i, 0, 2, d = c*i; s = sum(j, 0, i, t = d + j; t*c); s + d)", 0 + 12 + 34},
        {"sum(i, 0, 1, k = i + 1; sum(j, k, 2*k, v[j - k]*k))", 5 + 2 * 10},
        {"sum(i, 0, 2, k = i; sum(j, 0, k, v[j]))", 2 + 5 + 10},
        {"sum(i, 0, 2, m = mod(i, 2); v[m + 1])", 3 + 5 + 3},
        {"sum(i, 0, 1, a = sum(j, 1, 2, b = j; b*i); b = a; a*b)", 9},
        {"r = x; sum(r, 1, 3, s = r; s) + r", 6.7},
        {"sum(i, 0, 2, r = i; sum(r, 1, 2, r) + r)", 12},
        {"sum(i, 0, 2, i2 = i^2; i2 == 4 and i2 >= 4)", 1},
        {"sum(i, 3, 1, r = v[i]; r)", 0},
        {"prod(i, 3, 1, r = q; r)", 1},
        {"sum(i, 0, 2, # each\n r = # its own\n\tv[i]; # and\n r # so on\n ; # and on\n )", 10},
        {"sum(i,0,2,r=i;r;)", 3},
        {"sum(i, 0, 1, a = round(y); round = 7; a + round) + round(x)", 13},
        {"max(1, sum(i, 0, 1, r = i; r), sum(i, 0, 2, r = i; r))", 3},
        {"v[sum(i, 0, 1, r = i; r)]", 3},
        {"sum(i, sum(j, 0, 1, r = j; r), 2, v[i])", 8},
        {"2^1024 * 0 + 1 - 1", std::numeric_limits<double>::quiet_NaN()},
    };
    for (const auto& [text, expected] : cases) {
        INFO(text);
        if (std::isnan(expected)) {
            CHECK(std::isnan(value(text)));
        } else {
            CHECK(value(text) == Approx(expected).epsilon(1e-14));
        }
    }
    CHECK(value("a*x + b", {{"a", 2}, {"b", 1}}) == Approx(2.4));
    CHECK(value("gamma*x + mod", {{"gamma", 2}, {"mod", 1}}) == Approx(2.4));
    const Box box{{"round", 0, 1}, {"mod", 0, 9, 2}};
    CHECK(evaluate(Expression("round + mod[1]", box), std::vector<double>{1, 2, 3}).f == 4);
}

TEST_CASE("an expression of numbers is the number it is in a formula") {
    CHECK(parse_constant("1/3") == 1.0 / 3);
    CHECK(parse_constant(" -2 * pi") == -2 * std::numbers::pi);
    CHECK(parse_constant("a = 3; sum(i, 1, 3, a^i) - max(1, 2)") == 37);
    for (const double number : {0.1, -0.1, 1e-300, 5e-324, 1.7976931348623157e308, 123456789.123456789})
        CHECK(parse_constant(to_text(number)) == number);
    CHECK(parse_constant("sum(i, 1, 3, a = i^2; a + 1)") == 17);
    CHECK(std::signbit(parse_constant("-0")));
    CHECK(std::isinf(parse_constant("1/0")));
    CHECK_THROWS_WITH(parse_constant("2*p"),
                      ContainsSubstring("column 3: 'p' is not known; known here: e, inf, pi"));
    CHECK_THROWS_WITH(parse_constant(""), ContainsSubstring("the expression is empty"));
    CHECK_THROWS_WITH(parse_constant("x[0]"), ContainsSubstring("'x' is not known"));
}

TEST_CASE("what is of another language is shown with what is meant") {
    struct Case {
        const char* text;
        std::size_t column;  ///< from 1
        const char* message;
    };
    const std::vector<Case> cases = {
        {"ln(x)", 1, "there is no function 'ln'; did you mean 'log'?"},
        {"1 + fabs(x)", 5, "did you mean 'abs'?"},
        {"arcsin(x)", 1, "did you mean 'asin'?"},
        {"arccos(x)", 1, "did you mean 'acos'?"},
        {"arctan2(x, y)", 1, "did you mean 'atan2'?"},
        {"tgamma(x)", 1, "did you mean 'gamma'?"},
        {"asinh(x)", 1, "did you mean 'log(x + sqrt(x^2 + 1))'?"},
        {"SIN(x)", 1, "did you mean 'sin'?"},
        {"sqrrt(x)", 1, "did you mean 'sqrt'?"},
        {"lagmma(x)", 1, "did you mean 'lgamma'?"},
        {"pord(1, 2, x)", 1, "did you mean 'prod'?"},
        {"np.sin(x)", 3, "did you mean 'sin'?"},
        {"2*math.exp(x)", 7, "did you mean 'exp'?"},
        {"torch.arctan(x)", 6, "did you mean 'atan'?"},
        {"Math.Sqrt(x)", 5, "did you mean 'sqrt'?"},
        {"a.b.PI*x", 2, "did you mean 'pi'?"},
        {"std::abs(x)", 4, "did you mean 'abs'?"},
        {"tf.blur(x)", 3, "no name has a '.'"},
        {"v1 + x", 1, "'v1' is not known; did you mean 'v[1]'?"},
        {"x*v_0", 3, "did you mean 'v[0]'?"},
        {"v3", 1, "the elements of 'v' are 'v[0]' to 'v[2]'"},
        {"v(1)", 1, "'v' is a vector, not a function"},
        {"x(y + 1)", 1, "'x' is a number here, not a function: a product is written 'x*(...)'"},
        {"length = 2; lenght*x", 13, "did you mean 'length'?"},
        {"X + y", 1, "did you mean 'x'?"},
        {"Pi*x", 1, "did you mean 'pi'?"},
        {"M_PI*x", 1, "did you mean 'pi'?"},
        {"true", 1, "did you mean '1'?"},
        {"x\u00B2", 2, "did you mean '^2'?"},
        {"\u03C0*x", 1, "did you mean 'pi'?"},
        {"x*\u03C0", 3, "did you mean 'pi'?"},
        {"\u03B1 + x", 1, "did you mean 'alpha'?"},
        {"\u03C9 + x", 1, "did you mean 'omega'?"},
        {"x\u00D7y", 2, "did you mean '*'?"},
        {"x\u00B7y", 2, "did you mean '*'?"},
        {"x \u2212 y", 3, "did you mean '-'?"},
        {"\u2212x", 1, "did you mean '-'?"},
        {"x \u2264 y", 3, "did you mean '<='?"},
        {"\u221Ax", 1, "did you mean 'sqrt'?"},
        {"\u00E4 + x", 1, "the language is written in ASCII"},
        {"x && y", 3, "did you mean 'and'?"},
        {"x || y", 3, "did you mean 'or'?"},
        {"!x", 1, "did you mean 'not'?"},
        {"x AND y", 3, "did you mean 'and'?"},
        {"x % 2", 3, "did you mean 'mod(a, b)'?"},
        {"x mod 2", 3, "did you mean 'mod(a, b)'?"},
        {"x//2", 3, "did you mean 'floor(a/b)'?"},
        {"x <> y", 4, "did you mean '!='?"},
        {"x ? 1 : 2", 3, "did you mean 'if(condition, a, b)'?"},
        {"1 if x else 2", 3, "did you mean 'if(condition, a, b)'?"},
        {"[x + 1]*2", 1, "did you mean '('?"},
        {"2*{x + 1}", 3, "did you mean '('?"},
        {"sin(x]", 6, "did you mean ')'?"},
        {"|x|", 1, "did you mean 'abs(x)'?"},
        {"x!", 2, "did you mean 'gamma(x + 1)'?"},
        {"2x", 2, "a product is written with '*'"},
        {"x y", 3, "a product is written with '*'"},
        {"(x)(y)", 4, "a product is written with '*'"},
        {"sin x", 5, "the arguments of 'sin' are in brackets: sin(...)"},
        {"sum(i, 0, 2, length = v[i]; lenght^2)", 29, "did you mean 'length'?"},
        {"sum(i, 0, 2, area = v[i]; sum(j, 0, 2, side = j; aera*side))", 50, "did you mean 'area'?"},
        {"sum(i, 0, 2, r = v[i]; r(2))", 24, "'r' is a number here, not a function"},
        {"sum(i, 0, 2, r = v[i]; r[0])", 24, "'r' is a number, not a vector"},
        {"sum(i, 0, 2, r = v[i]; q)", 24, "'q' is not known; known here: i, r, x, y, v[3]"},
        {"1,5*x", 2, "the point of a number is '.'"},
        {"x.^2", 2, "did you mean '^'?"},
    };
    for (const auto& [text, column, message] : cases) {
        INFO(text);
        CHECK_THAT(error(text), ContainsSubstring(message));
        CHECK_THAT(error(text), ContainsSubstring("column " + std::to_string(column) + ":"));
    }
    const auto with = [](const char* text, const Box& box, const Parameters& parameters) {
        return Expression(text, box, parameters);
    };
    CHECK_THROWS_WITH(with("stepp*x", Box{{"x", 0, 1}}, {{"steep", 1}}),
                      ContainsSubstring("did you mean 'steep'?"));
    CHECK_THROWS_WITH(with("x[1]", Box{{"x0", 0, 1}, {"x1", 0, 1}}, {}),
                      ContainsSubstring("'x' is no vector; did you mean 'x1'?"));
    CHECK_THROWS_WITH(with("vektor[1]", Box{{"vector", 0, 1, 2}}, {}),
                      ContainsSubstring("did you mean 'vector[i]'?"));
    CHECK_THROWS_WITH(
        with("gamma(x)", Box{{"x", 0, 1}}, {{"gamma", 1}}),
        ContainsSubstring("'gamma' is a number here, not a function: a product is written 'gamma*(...)'"));
    CHECK_THROWS_WITH(with("round + x", Box{{"x", 0, 1}}, {}),
                      ContainsSubstring("'round' is a function: '(' is expected"));
    CHECK_THROWS_WITH(with("x", Box{{"x", 0, 1}}, {{"sin", 1}}),
                      ContainsSubstring("parameter 'sin': the name is taken"));
}

TEST_CASE("a definition has the bits of what it stands for") {
    const std::vector<std::pair<const char*, const char*>> cases = {
        {"sum(i, 0, 2, r = v[i] - x; r^2 + r^4)", "sum(i, 0, 2, (v[i] - x)^2 + (v[i] - x)^4)"},
        {"prod(i, 0, 2, r = sin(v[i]*x); s = exp(r) + i; r*s - s^2)",
         "prod(i, 0, 2, sin(v[i]*x)*(exp(sin(v[i]*x)) + i) - (exp(sin(v[i]*x)) + i)^2)"},
        {"c = x*y; sum(i, 0, 2, r = v[i] + c; sum(j, i, 2, s = r*v[j]; s/(1 + s^2)) + r)",
         "sum(i, 0, 2, sum(j, i, 2, (v[i] + x*y)*v[j]/(1 + ((v[i] + x*y)*v[j])^2)) + (v[i] + x*y))"},
        {"sum(i, 0, 2, k = 2 - i; if(v[k] > x, v[k], x))", "sum(i, 0, 2, if(v[2 - i] > x, v[2 - i], x))"},
    };
    std::mt19937 random(1);
    std::uniform_real_distribution<double> coordinate(-3, 3);
    for (const auto& [defined, written_out] : cases) {
        INFO(defined);
        const Expression short_one(defined, xyz);
        const Expression long_one(written_out, xyz);
        CHECK(short_one.operations() == long_one.operations());
        for (int sample = 0; sample < 50; ++sample) {
            std::vector<double> x(5);
            for (double& number : x) number = coordinate(random);
            const Evaluation a = evaluate(short_one, x);
            const Evaluation b = evaluate(long_one, x);
            CHECK(a.f == b.f);
            CHECK(a.gradient == b.gradient);
        }
    }
}

TEST_CASE("constants are folded and common subexpressions shared") {
    CHECK(Expression("2*3 + 4^2", xyz).operations() == 5 + 1);  // five gradients of 0, one value
    const std::size_t once = Expression("sin(x*y)", xyz).operations();
    CHECK(Expression("sin(x*y) + 0*1 - (1-1)*2", xyz).operations() == once);
    CHECK(Expression("(sin(x*y) + sin(y*x))/2", xyz).operations() == once);
}

TEST_CASE("a program holds few results at once and pairs sines with cosines") {
    const std::string text = "sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)";
    const Expression small(text, Box{{"x", -5, 5, 10}});
    const Expression large(text, Box{{"x", -5, 5, 1000}});
    CHECK(large.scratch_rows() <= small.scratch_rows() + 2);
    CHECK(large.scratch_rows() <= 10);
    CHECK(large.operations() < 11'000);

    const Expression wave("cos(3*x)", Box{{"x", -5, 5}});
    CHECK(wave.operations() == 3);  // 3x, its sine and cosine, and the product with -3
}

TEST_CASE("a large expression is read in no time") {
    std::string text = "x";
    for (int i = 0; i < 100'000; ++i) text += " + sin(x)*" + std::to_string(i % 7 + 1) + "*y";
    CHECK(Expression(text, xyz).operations() < 400'000);
    std::string nested(199, '(');
    nested += "x" + std::string(199, ')');
    CHECK(value(nested) == 0.7);
    CHECK(value(std::string(100'000, '-') + "x") == 0.7);
}

TEST_CASE("errors point at the spot") {
    struct Case {
        const char* text;
        std::size_t column;  ///< from 1
        const char* message;
    };
    const std::vector<Case> cases = {
        {"", 1, "the expression is empty"},
        {" # nothing", 11, "the expression is empty"},
        {"x +", 4, "a number, a name, '(', '-' or 'not' is expected here"},
        {"x + * y", 5, "a number, a name, '(', '-' or 'not' is expected here"},
        {"(x + y", 7, "')' or an operator is expected here"},
        {"sin(x, y)", 1, "'sin' takes 1 argument, not 2"},
        {"max(x)", 1, "'max' takes at least 2 arguments, not 1"},
        {"sin()", 5, "a number, a name, '(', '-' or 'not' is expected here"},
        {"sin(x y)", 7, "')', ',' or an operator is expected here"},
        {"x y", 3, "an operator or the end is expected here"},
        {"2x", 2, "an operator or the end is expected here"},
        {"x + q", 5, "'q' is not known; known here: x, y, v[3]"},
        {"foo(x)", 1, "there is no function 'foo'"},
        {"sin + 1", 1, "'sin' is a function: '(' is expected"},
        {"v + 1", 1, "'v' is a vector"},
        {"x[0]", 1, "'x' is a number, not a vector"},
        {"1 + v[3]", 5, "'v[3]' does not exist: the indices are 0 to 2"},
        {"v[-1]", 1, "'v[-1]' does not exist"},
        {"v[0.5]", 1, "an index must be a whole number, not 0.5"},
        {"v[x]", 1, "must be known when the text is read"},
        {"v[0", 4, "']' or an operator is expected here"},
        {"sum(i, 0, x, i)", 11, "must be known when the text is read"},
        {"sum(1, 0, 2, 3)", 5, "the name of the index is expected here"},
        {"sum(i, 0, 2)", 12, "',' is expected here: sum(i, first, last, body)"},
        {"sum(v, 0, 2, 1)", 5, "the name 'v' is taken"},
        {"a = x, a", 6, "';' or an operator is expected here"},
        {"1 < x < 2", 7, "comparisons do not chain"},
        {"x == y != 2", 8, "comparisons do not chain"},
        {"x + = y", 5, "'==' compares"},
        {"if(x > 0, 1)", 1, "'if' takes 3 arguments, not 2"},
        {"x and", 6, "a number, a name, '(', '-' or 'not' is expected here"},
        {"and = 2; x", 1, "a number, a name, '(', '-' or 'not' is expected here"},
        {"sum(i, y, 2, i)", 8, "the beginning of a sum or product must be known"},
        {"sum(i, 0, if(x > 0, 1, 2), i)", 11, "must be known when the text is read"},
        {"x = 2; x", 1, "the name 'x' is taken"},
        {"sin = 2; x", 1, "the name 'sin' is taken"},
        {"v = 2; x", 1, "the name 'v' is taken by a vector"},
        {"r = 2; r = 3; r", 8, "the name 'r' is taken by a definition"},
        {"sum(sin, 0, 1, 2)", 5, "the name 'sin' is taken by a function"},
        {"sum(i, 0, 2, x = 2; x)", 14, "the name 'x' is taken by a variable"},
        {"sum(i, 0, 2, v = 2; x)", 14, "the name 'v' is taken by a vector"},
        {"sum(i, 0, 2, sin = 2; x)", 14, "the name 'sin' is taken by a function"},
        {"sum(i, 0, 2, sum = 2; x)", 14, "the name 'sum' is taken by a function"},
        {"sum(i, 0, 2, pi = 2; x)", 14, "the name 'pi' is taken by a constant"},
        {"sum(i, 0, 2, i = 2; x)", 14, "the name 'i' is taken by an index"},
        {"sum(i, 0, 2, sum(j, 0, 1, i = 2; x))", 27, "the name 'i' is taken by an index"},
        {"sum(i, 0, 2, r = 2; r = 3; x)", 21, "the name 'r' is taken by a definition"},
        {"r = 1; sum(i, 0, 2, r = 2; r)", 21, "the name 'r' is taken by a definition"},
        {"sum(i, 0, 2, r = 2; sum(j, 0, 1, r = 2; x))", 34, "the name 'r' is taken by a definition"},
        {"sum(i, 0, 2, round = 2; round(x))", 25, "'round' is a number here"},
        {"sum(i, 0, 2, r = i; r) + r", 26,
         "it has a meaning only in the body of a sum, product or rows(...)"},
        {"sum(i, 0, 2, x) + i", 19, "it has a meaning only in the body of a sum, product or rows(...)"},
        {"sum(i, 0, i, x)", 11, "it has a meaning only in the body of a sum, product or rows(...)"},
        {"sum(i, 0, 2, sum(j, 0, 1, r = j; r) + r)", 39, "it has a meaning only in the body"},
        {"sum(i, 0, 2, r = s; s = i; r)", 18, "'s' is not known; its definition ends further on"},
        {"sum(i, 0, 2, r = r + 1; r)", 18, "'r' is not known; its definition ends further on"},
        {"sum(i, 0, 2, r = v[i])", 22, "';' or an operator is expected here"},
        {"sum(i, 0, 2, r = v[i], r)", 22, "';' or an operator is expected here"},
        {"sum(i, 0, 2, r = v[i];)", 23, "and an expression follows them"},
        {"sum(i, 0, 2, r = ; r)", 18, "a number, a name, '(', '-' or 'not' is expected here"},
        {"sum(i, 0, 2, ; x)", 14, "a number, a name, '(', '-' or 'not' is expected here"},
        {"sum(i, 0, 2, r = i;; r)", 20, "a number, a name, '(', '-' or 'not' is expected here"},
        {"sum(i, 0, 2, r; r = i)", 17, "definitions, 'NAME = ...;', stand at the beginning"},
        {"sum(i, 0, 2, 3 = i; x)", 16, "'==' compares; definitions, 'NAME = ...;', stand at the beginning"},
        {"sum(i, 0, 2, v[i] = i; x)", 19, "'==' compares; definitions, 'NAME = ...;', stand"},
        {"sum(i, k = 0; k, 2, x)", 10, "'==' compares; definitions, 'NAME = ...;', stand"},
        {"sum(i, 0, 2, r = s = i; r)", 20, "'==' compares; definitions, 'NAME = ...;', stand"},
        {"if(x > 0, r = 2; r, 0)", 13, "'==' compares; definitions, 'NAME = ...;', stand"},
        {"sin(r = x; r)", 7, "'==' compares; definitions, 'NAME = ...;', stand"},
        {"(r = x; r)", 4, "'==' compares; definitions, 'NAME = ...;', stand"},
        {"v[r = 0; r]", 5, "'==' compares; definitions, 'NAME = ...;', stand"},
        {"(x; y)", 3, "')' or an operator is expected here; definitions, 'NAME = ...;', stand"},
        {"x; r = 2", 4, "an operator or the end is expected here; definitions, 'NAME = ...;', stand"},
        {"r = x;", 7, "and an expression follows them"},
        {"sum(i, 0, 2, k = x; sum(j, 0, k, x))", 31, "the end of a sum or product must be known"},
        {"sum(i, 0, 2, k = i/2; v[k])", 23, "an index must be a whole number, not 0.5"},
        {"sum(i, 0, 2, k = i + 1; v[k])", 25, "'v[3]' does not exist: the indices are 0 to 2"},
        {"sum(i, 1, 1e7, r = i; r)", 0, "grows beyond 2000000 operations"},
        {"sum(i, 1, 1e7, r = 1; r)", 0, "grows beyond 2000000 operations"},
        {"sum(i, 1, 5000, r = sum(j, 1, 5000, s = 1; s); r)", 0, "unrolling takes more than 20000000 steps"},
        {"sum(i, 1, 4000, r = x + i; sum(j, 1, 4000, s = y + j; r*s))", 0, "grows beyond 2000000 operations"},
        {"1e999", 1, "out of the range of double precision"},
        {"x @ y", 3, "an operator or the end is expected here"},
        {"sum(i, 1, 1e15, 1)", 0, "grows beyond 2000000 operations"},
        {"sum(i, 1, 5000, sum(j, 1, 5000, 1))", 0, "unrolling takes more than 20000000 steps"},
        {"sum(i, 1, 4000, sum(j, 1, 4000, (x+i)*(y+j)))", 0, "grows beyond 2000000 operations"},
    };
    for (const auto& [text, column, message] : cases) {
        INFO(text);
        const std::string what = error(text);
        CHECK_THAT(what, ContainsSubstring(message));
        if (column == 0) continue;
        CHECK_THAT(what, ContainsSubstring("column " + std::to_string(column) + ":"));
        CHECK_THAT(what, ContainsSubstring(std::string("\n  ").append(column - 1, ' ').append("^")));
    }
    CHECK_THAT(error("x +\n  y +\n z z"), ContainsSubstring("line 3, column 4"));
    CHECK_THAT(error("sum(i, 0, 2,\n  r = v[i];\n  x = r;\n  x)"),
               ContainsSubstring("line 3, column 3: the name 'x' is taken by a variable\n    x = r;\n    ^"));
    CHECK_THAT(error("x + # so;\n"), !ContainsSubstring("definitions"));
    // A definition is a level of its own, as it is at the beginning of a formula.
    const auto nested = [](int levels) {
        std::string text;
        for (int level = 0; level < levels; ++level)
            text += "sum(i" + std::to_string(level) + ", 1, 1, r" + std::to_string(level) + " = ";
        text += "x";
        for (int level = levels; level-- > 0;) text += "; r" + std::to_string(level) + ")";
        return text;
    };
    CHECK(value(nested(100)) == 0.7);
    CHECK_THAT(error(nested(101)), ContainsSubstring("brackets nest too deep (at most 200 levels)"));
    CHECK_THAT(error(std::string(201, '(')),
               ContainsSubstring("brackets nest too deep (at most 200 levels)"));
}

TEST_CASE("whatever is wrong with a text, it is refused at a place in it") {
    const std::vector<std::string> parts = {"x",
                                            "v",
                                            "v1",
                                            "v[",
                                            "]",
                                            "(",
                                            ")",
                                            "np.",
                                            "std::",
                                            "sin",
                                            "ln",
                                            "round",
                                            "gamma",
                                            "1",
                                            "0.5",
                                            "i=x;",
                                            "sum(i,0,1,r=i;",
                                            "r)",
                                            "+",
                                            "*",
                                            "/",
                                            "//",
                                            "^",
                                            "**",
                                            "<",
                                            "<>",
                                            "==",
                                            "=",
                                            ";",
                                            ",",
                                            "and",
                                            "!",
                                            "&&",
                                            "||",
                                            "|",
                                            "%",
                                            "?",
                                            ":",
                                            ".",
                                            ".^",
                                            "\u00B2",
                                            "\u03C0",
                                            "\u2212",
                                            "\u00E4",
                                            "\xCE",
                                            "\xFF",
                                            " ",
                                            "#",
                                            "{",
                                            "}",
                                            "if",
                                            "mod",
                                            "sum(i,",
                                            "e",
                                            "\"",
                                            "\n"};
    std::mt19937 random(1);
    int refused = 0;
    for (int i = 0; i < 20'000; ++i) {
        std::string text;
        for (std::size_t count = 1 + random() % 8; count > 0; --count) text += parts[random() % parts.size()];
        INFO(text);
        try {
            value(text);
        } catch (const ParseError& failure) {
            CHECK(failure.position() <= text.size());
            CHECK_FALSE(failure.message().empty());
            ++refused;
        }
    }
    CHECK(refused > 10'000);
    CHECK(refused < 20'000);
}

TEST_CASE("names of parameters and variables are checked") {
    CHECK_THROWS_WITH(Expression("x", xyz, {{"x", 1}}),
                      ContainsSubstring("parameter 'x' is also a variable"));
    CHECK_THROWS_WITH(Expression("x", xyz, {{"sin", 1}}),
                      ContainsSubstring("parameter 'sin': the name is taken"));
    CHECK_THROWS_WITH(Expression("x", xyz, {{"a", INFINITY}}),
                      ContainsSubstring("parameter 'a': inf is not finite"));
    CHECK_THROWS_WITH(Expression("pi", Box{{"pi", 0, 1}}),
                      ContainsSubstring("variable 'pi': the name is taken"));
}

TEST_CASE("the gradient of every operation agrees with finite differences") {
    const std::vector<std::string> texts = {"x + y",
                                            "x - y",
                                            "x*y",
                                            "x/y",
                                            "-x",
                                            "x^2",
                                            "x^3",
                                            "x^-2",
                                            "x^7",
                                            "x^0.5",
                                            "x^y",
                                            "x^2.5",
                                            "2^x",
                                            "sqrt(x)",
                                            "abs(x - 2*y)",
                                            "sign(x)*y",
                                            "floor(x)*y",
                                            "ceil(x)*y",
                                            "round(x)*y",
                                            "trunc(x)*y",
                                            "mod(x, y) + mod(5, x)",
                                            "clamp(x, y, 2) + clamp(1, x, y) + clamp(3, 0, x)",
                                            "gamma(x)*y",
                                            "min(x, y)",
                                            "max(x, y)",
                                            "min(x*x, y, x*y)",
                                            "exp(x)",
                                            "exp2(x)",
                                            "expm1(x)",
                                            "log(x)",
                                            "log2(x)",
                                            "log10(x)",
                                            "log1p(x)",
                                            "sin(x)",
                                            "cos(x)",
                                            "tan(x/3)",
                                            "asin(x/4)",
                                            "acos(x/4)",
                                            "atan(x)",
                                            "sinh(x)",
                                            "cosh(x)",
                                            "tanh(x)",
                                            "cbrt(x)",
                                            "erf(x)",
                                            "erfc(x)",
                                            "atan2(x, y)",
                                            "hypot(x, y)",
                                            "sin(x)*cos(x) + sin(x)",
                                            "exp(-(x^2 + y^2)/2)*cos(3*x*y)",
                                            "sum(i, 1, 5, sin(i*x)*y^i)",
                                            "prod(i, 1, 4, x + i*y)",
                                            "r = hypot(x, y); sin(r)/r",
                                            "x*y - x*y + x",
                                            "1 - x*y",
                                            "x - y*y",
                                            "x*x - 3",
                                            "-(x*y)",
                                            "-(x - y)",
                                            "x - -y",
                                            "-x - y",
                                            "-x*-y",
                                            "3*(4*x)",
                                            "x/4",
                                            "x/3",
                                            "x/-1",
                                            "(x + y) - (x + y) + y",
                                            "x + x",
                                            "sin(x + y) + cos(y + x)"};
    const Box box{{"x", 0.01, 4}, {"y", 0.01, 4}};
    std::mt19937 random(1);
    std::uniform_real_distribution<double> coordinate(0.3, 3.3);
    for (const std::string& text : texts) {
        const Expression objective(text, box);
        for (int sample = 0; sample < 20; ++sample) {
            const std::vector<double> x = {coordinate(random), coordinate(random)};
            INFO(text << " at " << x[0] << ", " << x[1]);
            const Evaluation at = evaluate(objective, x);
            for (std::size_t j = 0; j < 2; ++j) {
                // Fourth-order central difference.
                constexpr double h = 1e-3;
                const auto f = [&](double step) {
                    std::vector<double> moved = x;
                    moved[j] += step * h;
                    return evaluate(objective, moved).f;
                };
                const double difference = (8 * (f(1) - f(-1)) - (f(2) - f(-2))) / (12 * h);
                const bool near_kink = text.find("floor") != std::string::npos ||
                                       text.find("ceil") != std::string::npos || text.front() == 'm' ||
                                       text.starts_with("round") || text.starts_with("trunc") ||
                                       text.starts_with("clamp") || text.starts_with("abs");
                if (near_kink && std::abs(f(2) - 2 * at.f + f(-2)) > 1e-4) continue;
                CHECK(at.gradient[j] == Approx(difference).epsilon(1e-7).margin(1e-8));
            }
        }
    }
}

TEST_CASE("where there is no finite derivative, it is the documented one") {
    struct Case {
        const char* text;
        double x, y, f, by_x, by_y;
    };
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    constexpr double inf = std::numeric_limits<double>::infinity();
    const std::vector<Case> cases = {
        {"abs(x)", 0, 0, 0, 0, 0},
        {"max(x, y)", 0, 0, 0, 1, 0},
        {"min(x, y)", 0, 0, 0, 1, 0},
        {"max(x, y, x)", 0, 0, 0, 1, 0},
        {"sign(x) + floor(y) + ceil(y)", 0, 0, 0, 0, 0},
        {"round(x) + trunc(y)", 0.5, -1, 0, 0, 0},
        {"mod(x, y)", 6, 3, 0, 1, -2},
        {"mod(x, y)", -1, 3, 2, 1, 1},
        {"clamp(x, 0, 1)", 0, 0, 0, 1, 0},
        {"clamp(x, 0, 1)", 1, 0, 1, 1, 0},
        {"clamp(x, 0, 1) + clamp(2, x, y)", 5, 1, 2, 0, 1},
        {"1/(1 + gamma(x))", 1500, 0, 0, 0, 0},
        {"if(x < 0, gamma(x), y)", 0, 2, 2, 0, 1},
        {"(x < y) + (x == y)", 0, 0, 1, 0, 0},
        {"sqrt(x)", 0, 0, 0, 0, 0},
        {"x^0.5", 0, 0, 0, 0, 0},
        {"x^0.3", 0, 0, 0, 0, 0},
        {"x^1.5", 0, 0, 0, 0, 0},
        {"x^2.7", 0, 0, 0, 0, 0},
        {"x^2", 0, 0, 0, 0, 0},
        {"x^1", 0, 0, 0, 1, 0},
        {"x^0", 0, 0, 1, 0, 0},
        {"sqrt(x^2 + y^2)", 0, 0, 0, 0, 0},
        {"abs(x)^0.5", 0, 0, 0, 0, 0},
        {"cbrt(x)", 0, 0, 0, 0, 0},
        {"asin(x)", 1, 0, std::numbers::pi / 2, 0, 0},
        {"acos(x)", -1, 0, std::numbers::pi, 0, 0},
        {"hypot(x, y)", 0, 0, 0, 0, 0},
        {"atan2(x, y)", 0, 0, 0, 0, 0},
        {"x^y", 0, 2, 0, 0, 0},
        {"x^y", 0, 1, 0, 1, 0},
        {"x^y", 0, 0.5, 0, 0, 0},
        {"x^y", 0, 0, 1, 0, 0},
        {"x^y", -2, 3, -8, 12, 0},
        {"x^y", -2, -1, -0.5, -0.25, 0},
        {"0^y", 0, 2, 0, 0, 0},
        {"0^y", 0, 0, 1, 0, 0},
        {"1/(1 + exp(x))", 1500, 0, 0, 0, 0},
        {"x*log(x)", 0, 0, nan, nan, 0},
        {"sin(x)/x", 0, 0, nan, nan, 0},
        {"log(x)", 0, 0, -inf, inf, 0},
        {"x^-1", 0, 0, inf, -inf, 0},
        {"if(x > 0, x*log(x), 0)", 0, 0, 0, 0, 0},
        {"if(x == 0, 1, sin(x)/x)", 0, 0, 1, 0, 0},
        {"if(x == 0, 1, sin(x)/x) + x*y", 0, 3, 1, 3, 0},
        {"if(x >= 0, x, 1/x)", 0, 0, 0, 1, 0},
        {"if(x >= 0, sqrt(x), log(x)*exp(1/x))", 0, 0, 0, 0, 0},
        {"if(x >= 0, y, sqrt(x - 1)*y)", 0, 2, 2, 0, 1},
        {"if(x >= 0, y, lgamma(x)/x^y)", 0, 2, 2, 0, 1},
        {"if(y > x, x^2, exp(1e3*(y - 3))*x)", 1e-300, 5, 0, 2e-300, 0},
        {"if(x >= 0, if(y > 1, x, 1/x), log(x))", 0, 2, 0, 1, 0},
        {"r = 1/x; if(x == 0, y, r*r*y)", 0, 2, 2, 0, 1},
    };
    const Box box{{"x", -2000, 2000}, {"y", -10, 10}};
    const auto same = [](double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); };
    for (const auto& [text, x, y, f, by_x, by_y] : cases) {
        INFO(text << " at " << x << ", " << y);
        const Evaluation at = evaluate(Expression(text, box), std::vector<double>{x, y});
        INFO("is " << at.f << ", " << at.gradient[0] << ", " << at.gradient[1]);
        CHECK(((same(at.f, f)) || at.f == Approx(f)));
        CHECK(((same(at.gradient[0], by_x)) || at.gradient[0] == Approx(by_x)));
        CHECK(same(at.gradient[1], by_y));
    }
}

TEST_CASE("fused products do not take a root's or logarithm's 0 below 0") {
    const auto at = [](const char* text, std::vector<double> x) {
        x.resize(5);
        return evaluate(Expression(text, xyz), x);
    };
    for (const double x : {0.1, 0.3, 0.7, 1.1, 1.3}) {
        for (const char* text :
             {"sqrt(x^2 - 2*x*y + y^2)", "sqrt(x*x - y*y)", "(x*x - y*y)^1.5", "cbrt(x*x - y*y)^0.5",
              "sqrt(x*x + v[0]*y)", "floor(x*x - y*y)", "if(x*x - y*y == 0, 0, 1)", "if(x*x - y*y, 1, 0)",
              "sqrt(sin(x*x - y*y))", "sqrt(expm1(x*x - y*y))"}) {
            INFO(text << " at " << x);
            const Evaluation here = at(text, {x, x, -x});
            CHECK(here.f == 0);
            CHECK(std::isfinite(here.gradient[0]));
        }
    }
    CHECK(at("sqrt(x^2 - y)", {0.1, 0.1 * 0.1}).f == 0);
    CHECK(at("exp(-1/(0 - x))", {0}).f == 0);
    CHECK(at("10^-310*x", {1e200}).f == Approx(1e-110));
}

namespace {

std::size_t count(const std::string& text, const Box& box, Opcode wanted) {
    Graph written(Rewriting::none);
    const NodeId value = translate(text, box, {}, written);
    std::size_t found = 0;
    visit_operations(optimise(std::move(written), value, box.dimension()).lowered,
                     [&](Opcode op) { found += op == wanted ? 1 : 0; });
    return found;
}

}  // namespace

TEST_CASE("only what can be infinite or NaN where the value is finite is checked") {
    const Box box{{"x", -5, 5, 6}};
    for (const char* text : {
             "sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)",
             "10*n(x) + sum(i, 0, n(x)-1, x[i]^2 - 10*cos(2*pi*x[i]))",
             "sum(i, 0, n(x)-1, x[i]^4 - 16*x[i]^2 + 5*x[i])/2",
             "r = (x[0] - x[1])^2 + (x[2] - x[3])^2; (r^-3 - 1)^2",
             "1/(2 - 2*sin(x[0])*cos(x[1] - x[2])) + x[3]/x[4]",
             "exp(-(x[0] - 1)^2 - 3*x[1]^2)*cos(x[2])",
             "exp(sin(x[0])*(x[1] - 2)) + log(x[2]) + lgamma(1)",
             "if(x[0] > 0, x[1]*sin(x[2]), x[3]/3) + exp(x[4])",
         }) {
        INFO(text);
        CHECK(count(text, box, Opcode::select) == (text[0] == 'i' ? 3 : 0));
    }
    CHECK(count("exp(-1/x[0])", box, Opcode::select) == 1);
}

TEST_CASE("a power of two variables is computed once") {
    const Box box{{"x", 0, 5}, {"y", 0, 5}};
    CHECK(count("x^y", box, Opcode::pow) == 1);
    CHECK(count("x^y + sin(x^y)", box, Opcode::pow) == 1);
    CHECK(count("(x^y)^x", box, Opcode::pow) == 2);
    CHECK(count("x^y", box, Opcode::log) == 1);
    CHECK(count("x^y", box, Opcode::exp) == 0);
    CHECK(count("2^y", box, Opcode::pow) == 1);
}

TEST_CASE("no run ends where a value is finite and the chain rule has 0 times infinity") {
    // Gulf's function, whose exponentials vanish at x[0] = 0.
    const char* gulf =
        "sum(i, 1, 99, (exp(-(abs(25 + (-50*log(0.01*i))^(2/3) - x[1])^x[2]/x[0])) - 0.01*i)^2)";
    const Box box{{"x", 0, 50, 3}};
    for (const std::vector<double>& x : {std::vector<double>{0, 0, 0},
                                         {0, 25, 1.5},
                                         {0, 50, 50},
                                         {1e-320, 25, 3},
                                         {1e-300, 3, 50},
                                         {50, 0, 0}}) {
        const Evaluation at = evaluate(Expression(gulf, box), x);
        INFO(x[0] << ", " << x[1] << ", " << x[2] << ": " << at.f);
        CHECK(std::isfinite(at.f));
        for (const double derivative : at.gradient) CHECK(std::isfinite(derivative));
    }
    const Result result = minimize(gulf, box, {.starts = 512, .iterations = 300});
    CHECK(result.runs_with(RunStatus::nan_at_start) == 0);
    CHECK(result.runs_with(RunStatus::nan_on_the_way) == 0);
}

TEST_CASE("a run that lands where the root is 0 keeps that point") {
    const Result result = minimize("sqrt(x) + abs(y)^0.5", Box{{"x", 0, 4}, {"y", -1, 1}}, {.starts = 64});
    CHECK(result.best.x[0] == 0);
    CHECK(result.runs_with(RunStatus::nan_on_the_way) == 0);
}

TEST_CASE("the derivative of lgamma is digamma") {
    const Box box{{"x", -100, 1e6}};
    const Expression objective("lgamma(x)", box);
    const auto digamma = [](long double x) {
        long double shift = 0;
        while (x < 40) shift -= 1 / x++;
        const long double z = 1 / (x * x);
        return shift + std::log(x) - 0.5L / x -
               z * (1 / 12.0L - z * (1 / 120.0L - z * (1 / 252.0L - z * (1 / 240.0L - z / 132))));
    };
    for (double x :
         {-55.3, -3.7, -1e-3, 1e-300, 0.25, 0.5, 1.0, 1.4616321449683623, 2.0, 3.3, 9.99, 10.0, 123.4, 1e6}) {
        INFO(x);
        const auto expected = static_cast<double>(digamma(x));
        CHECK(std::abs(evaluate(objective, std::vector<double>{x}).gradient[0] - expected) <=
              1e-15 * std::max(4.0, 4 * std::abs(expected)));
    }
}

TEST_CASE("a branch that is not taken adds nothing, even where its derivative is infinite") {
    const Box box{{"x", -2000, 2000}, {"y", 0, 2}};
    const auto gradient = [&](const char* text, double x, double y) {
        return evaluate(Expression(text, box), std::vector<double>{x, y}).gradient;
    };
    CHECK(gradient("min(exp(x), 1) + y", 1500, 1) == std::vector<double>{0, 1});
    CHECK(gradient("max(sqrt(x), 0.5)", 0, 1) == std::vector<double>{0, 0});
    CHECK(gradient("min(1/x^2, 10) + 3*x", 0, 1) == std::vector<double>{3, 0});
    CHECK(gradient("max(2*log(y) + x, x)", 1, 0) == std::vector<double>{1, 0});
    CHECK(gradient("hypot(x, y)", 0, 0) == std::vector<double>{0, 0});
    CHECK(gradient("x^y", 0, 2) == std::vector<double>{0, 0});
}

TEST_CASE("whole powers up to 1024 in size are products, in value and gradient") {
    const auto has_powers = [](const std::string& exponent) {
        const std::string program = Expression("x^(" + exponent + ")", xyz).dump();
        return program.find(" = pow ") != std::string::npos;
    };
    for (const char* exponent :
         {"2", "3", "6", "7", "31", "1000", "1024", "-1", "-2", "-1023", "0.5", "2.5"}) {
        INFO(exponent);
        CHECK_FALSE(has_powers(exponent));
    }
    for (const char* exponent : {"1026", "-1026", "0.3", "-2.4", "y"}) {
        INFO(exponent);
        CHECK(has_powers(exponent));
    }
}

TEST_CASE("powers keep their range") {
    const Box box{{"x", 0, 5}};
    const auto gradient = [&](const char* text, double x) {
        return evaluate(Expression(text, box), std::vector<double>{x}).gradient[0];
    };
    CHECK(gradient("x^-1024", 1.5) == Approx(-1024 * std::pow(1.5, -1025)));
    CHECK(gradient("x^-5", 1e-50) == Approx(-5e300));
    for (const double x : {0.1, 0.3, 0.7, 1.1, 1.3})
        CHECK(evaluate(Expression("(x*x - y*y)^1.5", xyz), std::vector<double>{x, x, 0, 0, 0}).f == 0);
}

TEST_CASE("NaN is not lost in min, max, abs and sign") {
    const Box box{{"x", -1, 1}};
    for (const char* text : {"max(log(x), 1)", "max(1, log(x))", "min(log(x), 1)", "min(1, log(x))",
                             "abs(log(x))", "sign(log(x))", "min(log(x), log(x) + 1)"}) {
        INFO(text);
        CHECK(std::isnan(evaluate(Expression(text, box), std::vector<double>{-0.5}).f));
    }
}

TEST_CASE("sine and cosine near multiples of a quarter turn, and beyond all reason") {
    const Box box{{"x", -1e308, 1e308 / 2}};
    const Expression both("sin(x) + 0*cos(x)", box);  // computed as a pair
    const Expression cosine("cos(x)", box);
    for (int k = -5000; k <= 5000; k += 7) {
        const double x = k * (std::numbers::pi / 2);
        CHECK(evaluate(both, std::vector<double>{x}).f == Approx(std::sin(x)).epsilon(1e-13).margin(1e-300));
        CHECK(evaluate(cosine, std::vector<double>{x}).f ==
              Approx(std::cos(x)).epsilon(1e-13).margin(1e-300));
    }
    for (const double x : {8191.99, 8192.01, 1e22, 1e300}) {
        CHECK(evaluate(cosine, std::vector<double>{x}).f == Approx(std::cos(x)).epsilon(1e-13));
        CHECK(evaluate(both, std::vector<double>{-x}).f == Approx(std::sin(-x)).epsilon(1e-13));
    }
}

TEST_CASE("single precision programs compute what double precision ones do") {
    const Box box{{"x", 0.1, 2, 3}};
    const char* text = "sum(i, 0, 2, sin(x[i])*exp(-x[i]) + log(x[i])^2 + tanh(x[i])/cosh(x[i]) + x[i]^3.5)";
    const Result coarse = minimize(text, box, {.starts = 256, .precision = Precision::f32});
    const Result fine = minimize(text, box, {.starts = 256});
    CHECK(coarse.best.f == Approx(fine.best.f).epsilon(1e-5));
}
