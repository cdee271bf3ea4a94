// The C interface: it comes to what the C++ one comes to, says what goes wrong, and lets nothing else out.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "lanewise/fit.hpp"
#include "lanewise/lanewise.h"
#include "lanewise/lanewise.hpp"

namespace {

struct FreeProblem {
    void operator()(lanewise_problem* problem) const { lanewise_free(problem); }
};
struct FreeResult {
    void operator()(lanewise_result* result) const { lanewise_free_result(result); }
};
using Handle = std::unique_ptr<lanewise_problem, FreeProblem>;
using Found = std::unique_ptr<lanewise_result, FreeResult>;

Handle problem_over(std::size_t dimension, double lower, double upper) {
    Handle problem(lanewise_new());
    const std::vector<double> low(dimension, lower);
    const std::vector<double> high(dimension, upper);
    REQUIRE(lanewise_add_variable(problem.get(), "x", dimension, low.data(), high.data(),
                                  LANEWISE_LINEAR_UNLESS_WIDE) == LANEWISE_OK);
    return problem;
}

Found minimized(const Handle& problem) {
    lanewise_result* result = nullptr;
    const int code = lanewise_minimize(problem.get(), &result);
    INFO(lanewise_error(problem.get()));
    REQUIRE(code == LANEWISE_OK);
    return Found(result);
}

/// sum_j (x_j^2 - 1)^2 + x_0 / 10, with what was asked noted.
struct Wells {
    std::size_t dimension;
    std::vector<std::size_t> counts{};
    std::set<std::uint32_t> ids{};
    std::thread::id thread{};
    bool is_elsewhere = false;
    double nan_beyond = std::numeric_limits<double>::infinity();
    int code = 0;

    int evaluate(std::size_t count, const double* x, const std::uint32_t* of, double* f, double* g) {
        counts.push_back(count);
        if (thread == std::thread::id()) thread = std::this_thread::get_id();
        is_elsewhere = is_elsewhere || thread != std::this_thread::get_id();
        if (of != nullptr) ids.insert(of, of + count);
        for (std::size_t i = 0; i < count; ++i) {
            const double* at = x + i * dimension;
            f[i] = at[0] > nan_beyond ? std::nan("") : at[0] / 10;
            for (std::size_t j = 0; j < dimension; ++j) {
                const double well = at[j] * at[j] - 1;
                f[i] += well * well;
                if (g != nullptr) g[i * dimension + j] = 4 * at[j] * well + (j == 0 ? 0.1 : 0);
            }
        }
        return code;
    }
};

int gradients(void* data, std::size_t count, const double* x, const std::uint32_t* ids, double* f,
              double* g) {
    return static_cast<Wells*>(data)->evaluate(count, x, ids, f, g);
}
int values(void* data, std::size_t count, const double* x, const std::uint32_t* ids, double* f) {
    return static_cast<Wells*>(data)->evaluate(count, x, ids, f, nullptr);
}

/// JSON but for what differs from run to run.
std::string without_time(const char* json) {
    std::string text(json);
    for (const char* key : {"\"seconds\"", "\"run_iterations_per_second\""}) {
        const std::size_t begin = text.find(key);
        REQUIRE(begin != std::string::npos);
        text.erase(begin, text.find('\n', begin) - begin);
    }
    return text;
}

}  // namespace

TEST_CASE("C: a formula comes to the same JSON as in C++") {
    const std::string expression = "(x[0]^2 + x[1] - a)^2 + (x[0] + x[1]^2 - 7)^2";
    const Handle problem = problem_over(2, -5, 5);
    REQUIRE(lanewise_set_expression(problem.get(), expression.c_str()) == LANEWISE_OK);
    REQUIRE(lanewise_set_parameter(problem.get(), "a", 11) == LANEWISE_OK);
    REQUIRE(lanewise_set_option(problem.get(), "seed", "7") == LANEWISE_OK);
    REQUIRE(lanewise_set_option(problem.get(), "max_evaluations", "1e6") == LANEWISE_OK);
    const Found found = minimized(problem);

    const lanewise::Box box = lanewise::Box::from_bounds({-5, -5}, {5, 5});
    const lanewise::Options options{.seed = 7, .max_evaluations = 1'000'000};
    const lanewise::Parameters parameters{{"a", 11}};
    const lanewise::Result result = minimize(lanewise::Expression(expression, box, parameters), box, options);
    CHECK(without_time(lanewise_json(found.get())) ==
          without_time(to_json(result, box, options, expression, parameters).c_str()));
    CHECK(std::string(lanewise_status(found.get())) == "settled");

    std::array<double, 2> x{};
    CHECK(lanewise_best(found.get(), x.data()) == result.best.f);
    CHECK(std::ranges::equal(x, result.best.x));
    std::array<double, 3> f{};
    std::array<std::uint64_t, 3> hits{};
    CHECK(lanewise_minima(found.get(), 3, nullptr, f.data(), hits.data()) == result.minima.size());
    CHECK(f[2] == result.minima[2].f);
    CHECK(hits[2] == result.minima[2].hits());
    CHECK(std::strstr(lanewise_table(found.get()), "minima 4 distinct") != nullptr);
}

TEST_CASE("C: a search in parts is merged to that of one process") {
    const auto made = [](const char* part) {
        Handle problem = problem_over(2, -5, 5);
        REQUIRE(lanewise_set_expression(problem.get(), "(x[0]^2 + x[1] - 11)^2 + (x[0] + x[1]^2 - 7)^2") ==
                LANEWISE_OK);
        REQUIRE(lanewise_set_option(problem.get(), "starts", "200") == LANEWISE_OK);
        REQUIRE(lanewise_set_option(problem.get(), "parts", "2") == LANEWISE_OK);
        REQUIRE(lanewise_set_option(problem.get(), "rounds", "2") == LANEWISE_OK);
        if (part != nullptr) REQUIRE(lanewise_set_option(problem.get(), "part", part) == LANEWISE_OK);
        return problem;
    };
    const auto keep = [](void* data, const void* state, std::size_t bytes) {
        static_cast<std::string*>(data)->assign(static_cast<const char*>(state), bytes);
        return 0;
    };
    const Handle all = made(nullptr);
    std::array<std::string, 2> states;
    std::array<const void*, 2> addresses{};
    std::array<std::size_t, 2> sizes{};
    const void* handed = nullptr;
    std::size_t handed_bytes = 0;
    int settled = -1;
    for (std::size_t i = 0; i < 2; ++i) {
        const Handle problem = made(i == 0 ? "1/2" : "2/2");
        REQUIRE(lanewise_set_handed(problem.get(), handed, handed_bytes) == LANEWISE_OK);
        REQUIRE(lanewise_set_checkpoint(problem.get(), keep, &states[i]) == LANEWISE_OK);
        const Found found = minimized(problem);
        std::uint64_t part = 0;
        REQUIRE(lanewise_part_of_state(problem.get(), states[i].data(), states[i].size(), &part) ==
                LANEWISE_OK);
        CHECK(part == i + 1);
        addresses[i] = states[i].data();
        sizes[i] = states[i].size();
        if (i > 0) break;
        REQUIRE(lanewise_merge(all.get(), 1, addresses.data(), sizes.data(), 0, nullptr, &handed,
                               &handed_bytes, &settled) == LANEWISE_OK);
        CHECK(handed_bytes > 0);
        CHECK(settled == 0);
    }
    lanewise_result* merged = nullptr;
    REQUIRE(lanewise_merge(all.get(), 2, addresses.data(), sizes.data(), 0, &merged, nullptr, nullptr,
                           nullptr) == LANEWISE_OK);
    const Found found(merged);
    CHECK(without_time(lanewise_json(found.get())) == without_time(lanewise_json(minimized(all).get())));
    CHECK(lanewise_merge(all.get(), 1, &addresses[1], &sizes[1], 0, &merged, nullptr, nullptr, nullptr) ==
          LANEWISE_INVALID);
    CHECK(std::string(lanewise_error(all.get())) == "part 1 of 2 is missing");
    CHECK(merged == nullptr);
    CHECK(lanewise_set_handed(all.get(), nullptr, 3) == LANEWISE_INVALID);
}

TEST_CASE("C: a callback is handed the points that are wanted on the calling thread") {
    Wells wells{.dimension = 3};
    const Handle problem = problem_over(3, -2, 2);
    REQUIRE(lanewise_set_gradient_callback(problem.get(), gradients, &wells) == LANEWISE_OK);
    REQUIRE(lanewise_set_option(problem.get(), "starts", "100") == LANEWISE_OK);
    const Found found = minimized(problem);
    std::array<double, 3> x{};
    lanewise_best(found.get(), x.data());
    for (const double coordinate : x) CHECK(std::abs(std::abs(coordinate) - 1) < 0.02);
    CHECK(x[0] < 0);
    CHECK_FALSE(wells.is_elsewhere);
    // The waves are of 32, 64 and 4 starts, all of a wave at once; 4 is no multiple of 16.
    for (const std::size_t wave : {32U, 64U, 4U}) CHECK(std::ranges::count(wells.counts, wave) > 10);
    CHECK(*std::ranges::min_element(wells.counts) > 0);

    // In the lanes of a formula it is the same search.
    const Handle formula = problem_over(3, -2, 2);
    REQUIRE(lanewise_set_expression(formula.get(), "x[0]/10 + sum(j, 0, 2, (x[j]^2 - 1)^2)") == LANEWISE_OK);
    REQUIRE(lanewise_set_option(formula.get(), "starts", "100") == LANEWISE_OK);
    std::array<double, 3> same{};
    CHECK(lanewise_best(minimized(formula).get(), same.data()) ==
          Approx(lanewise_best(found.get(), nullptr)));
    for (std::size_t j = 0; j < 3; ++j) CHECK(std::abs(same[j]) == Approx(std::abs(x[j])));
}

TEST_CASE("C: a batch leaves out the runs that are over and names the others") {
    Wells wells{.dimension = 2, .nan_beyond = 1.5};
    const Handle problem = problem_over(2, -2, 2);
    REQUIRE(lanewise_set_gradient_callback(problem.get(), gradients, &wells) == LANEWISE_OK);
    constexpr std::size_t count = 37;
    std::vector<double> x0(count * 2);
    for (std::size_t i = 0; i < x0.size(); ++i) x0[i] = -1.9 + 0.1 * static_cast<double>(i % 36);
    std::vector<double> x(count * 2);
    std::vector<double> g(count * 2);
    std::vector<double> f(count);
    std::vector<std::uint8_t> status(count);
    std::vector<std::uint64_t> iterations(count);
    std::vector<std::uint64_t> evaluations(count);
    REQUIRE(lanewise_minimize_batch(problem.get(), count, x0.data(), x.data(), f.data(), g.data(),
                                    status.data(), iterations.data(), evaluations.data()) == LANEWISE_OK);
    CHECK(wells.ids.size() == count);
    CHECK(wells.counts.front() == count);
    std::uint64_t in_all = count;  // the gradients in the end
    for (std::size_t i = 0; i < count; ++i) {
        in_all += evaluations[i];
        if (x0[2 * i] > 1.5) {
            CHECK(status[i] == LANEWISE_NAN_AT_START);
            CHECK(std::isnan(f[i]));
            CHECK(evaluations[i] == 1);
            continue;
        }
        CHECK(status[i] <= LANEWISE_CONVERGED_VALUE);
        CHECK(std::abs(g[2 * i]) + std::abs(g[2 * i + 1]) < 1e-6);
        // Alone it comes to the same bits.
        Wells alone{.dimension = 2, .nan_beyond = 1.5};
        const Handle single = problem_over(2, -2, 2);
        REQUIRE(lanewise_set_gradient_callback(single.get(), gradients, &alone) == LANEWISE_OK);
        std::array<double, 2> end{};
        double value = 0;
        REQUIRE(lanewise_minimize_batch(single.get(), 1, x0.data() + 2 * i, end.data(), &value, nullptr,
                                        nullptr, nullptr, nullptr) == LANEWISE_OK);
        CHECK(value == f[i]);
        CHECK(end[0] == x[2 * i]);
        CHECK(end[1] == x[2 * i + 1]);
    }
    std::uint64_t handed = 0;
    for (const std::size_t points : wells.counts) handed += points;
    CHECK(handed == in_all);
}

TEST_CASE("C: a run that broke is not handed over again") {
    Wells wells{.dimension = 1, .nan_beyond = 0};
    const Handle problem = problem_over(1, -2, 2);
    REQUIRE(lanewise_set_gradient_callback(problem.get(), gradients, &wells) == LANEWISE_OK);
    const std::array<double, 3> x0{-1.5, 1, -0.5};
    for (const char* rule : {"adam", "lbfgs"}) {
        wells.counts.clear();
        REQUIRE(lanewise_set_option(problem.get(), "rule", rule) == LANEWISE_OK);
        REQUIRE(lanewise_set_option(problem.get(), "iterations", "50") == LANEWISE_OK);
        std::array<double, 3> x{};
        std::array<double, 3> f{};
        REQUIRE(lanewise_minimize_batch(problem.get(), 3, x0.data(), x.data(), f.data(), nullptr, nullptr,
                                        nullptr, nullptr) == LANEWISE_OK);
        CHECK(std::ranges::count(wells.counts, 3U) <= 2);
        CHECK(wells.counts.size() > 5);
    }
}

TEST_CASE("C: values alone") {
    Wells wells{.dimension = 2};
    const Handle problem = problem_over(2, -2, 2);
    REQUIRE(lanewise_set_value_callback(problem.get(), values, 0, &wells) == LANEWISE_OK);
    REQUIRE(lanewise_set_option(problem.get(), "starts", "20") == LANEWISE_OK);
    std::array<double, 2> x{};
    lanewise_best(minimized(problem).get(), x.data());
    CHECK(x[0] == Approx(-1.0124).margin(1e-3));

    const std::array<double, 4> points{0.5, 0.25, -1, 1.5};
    std::array<double, 2> f{};
    std::array<double, 4> g{};
    wells.counts.clear();
    REQUIRE(lanewise_evaluate(problem.get(), 2, points.data(), f.data(), g.data()) == LANEWISE_OK);
    CHECK(wells.counts == std::vector<std::size_t>{2, 4, 4});
    CHECK(g[0] == Approx(4 * 0.5 * (0.25 - 1) + 0.1));
    CHECK(g[3] == Approx(4 * 1.5 * (2.25 - 1)));
}

TEST_CASE("C: a recorded program is the formula, to the bit") {
    const auto op = [](const char* name) { return static_cast<std::uint8_t>(lanewise_operation(name)); };
    // if(x0 < x1, sin(x0)*x1, x0/2)
    const std::vector<std::uint8_t> operations{op("variable"), op("variable"), op("lt"),  op("sin"),
                                               op("mul"),      op("constant"), op("div"), op("select")};
    const std::vector<std::uint32_t> a{0, 1, 0, 0, 3, 0, 0, 2};
    const std::vector<std::uint32_t> b{0, 0, 1, 0, 1, 0, 5, 4};
    const std::vector<std::uint32_t> c{0, 0, 0, 0, 0, 0, 0, 6};
    const std::vector<double> numbers{0, 0, 0, 0, 0, 2, 0, 0};
    const Handle recorded = problem_over(2, -2, 2);
    const auto set = [&](std::uint32_t value, const std::vector<std::uint32_t>& first) {
        return lanewise_set_program(recorded.get(), operations.size(), operations.data(), first.data(),
                                    b.data(), c.data(), numbers.data(), value);
    };
    REQUIRE(set(7, a) == LANEWISE_OK);
    const Handle formula = problem_over(2, -2, 2);
    REQUIRE(lanewise_set_expression(formula.get(), "if(x[0] < x[1], sin(x[0])*x[1], x[0]/2)") == LANEWISE_OK);
    const Found one = minimized(recorded);
    const Found other = minimized(formula);
    std::array<double, 2> x{};
    std::array<double, 2> same{};
    CHECK(lanewise_best(one.get(), x.data()) == lanewise_best(other.get(), same.data()));
    CHECK(x == same);

    std::array<double, 1> f{};
    const auto refused = [&](std::uint32_t value, const std::vector<std::uint32_t>& first) {
        REQUIRE(set(value, first) == LANEWISE_OK);
        CHECK(lanewise_evaluate(recorded.get(), 1, x.data(), f.data(), nullptr) == LANEWISE_INVALID);
        return std::string(lanewise_error(recorded.get()));
    };
    CHECK(refused(8, a) == "program: value: there is no node 8 of 8");
    CHECK(refused(7, {0, 2, 0, 0, 3, 0, 0, 2}) == "program: node 1: there is no variable 2 of 2");
    CHECK(refused(7, {0, 1, 0, 3, 3, 0, 0, 2}) == "program: node 3: its operand 3 does not come before it");
    CHECK(lanewise_operation("secant") == -1);
    CHECK(lanewise_operation("variable") == 0);
    CHECK(lanewise_operation("constant") == 1);
    CHECK(lanewise_operation("add") == 3);
    CHECK(lanewise_operation("select") == 45);
}

TEST_CASE("C: each operation is that of the language") {
    const std::array<std::pair<const char*, const char*>, 33> unary_and_binary{{
        {"neg", "-x"},
        {"abs", "abs(x)"},
        {"sign", "sign(x)"},
        {"floor", "floor(x)"},
        {"ceil", "ceil(x)"},
        {"sqrt", "sqrt(x)"},
        {"cbrt", "cbrt(x)"},
        {"exp", "exp(x)"},
        {"exp2", "exp2(x)"},
        {"expm1", "expm1(x)"},
        {"log", "log(x)"},
        {"log2", "log2(x)"},
        {"log10", "log10(x)"},
        {"log1p", "log1p(x)"},
        {"sin", "sin(x)"},
        {"cos", "cos(x)"},
        {"tan", "tan(x)"},
        {"asin", "asin(x)"},
        {"acos", "acos(x)"},
        {"atan", "atan(x)"},
        {"sinh", "sinh(x)"},
        {"cosh", "cosh(x)"},
        {"tanh", "tanh(x)"},
        {"erf", "erf(x)"},
        {"erfc", "erfc(x)"},
        {"gamma", "gamma(x)"},
        {"lgamma", "lgamma(x)"},
        {"add", "x + y"},
        {"sub", "x - y"},
        {"pow", "pow(x, y)"},
        {"atan2", "atan2(x, y)"},
        {"hypot", "hypot(x, y)"},
        {"logical_not", "not x"},
    }};
    const std::array<double, 2> point{0.37, 1.61};
    for (const auto& [name, expression] : unary_and_binary) {
        INFO(name);
        const int number = lanewise_operation(name);
        REQUIRE(number > 1);
        const std::array<std::uint8_t, 3> operations{0, 0, static_cast<std::uint8_t>(number)};
        const std::array<std::uint32_t, 3> a{0, 1, 0};
        const std::array<std::uint32_t, 3> b{0, 0, 1};
        const std::array<double, 3> numbers{};
        std::array<double, 2> f{};
        std::array<std::array<double, 2>, 2> g{};
        for (const bool is_recorded : {true, false}) {
            const Handle problem(lanewise_new());
            REQUIRE(lanewise_add_variable_text(problem.get(), "x=0:1") == LANEWISE_OK);
            REQUIRE(lanewise_add_variable_text(problem.get(), "y=0:2") == LANEWISE_OK);
            REQUIRE((is_recorded ? lanewise_set_program(problem.get(), 3, operations.data(), a.data(),
                                                        b.data(), a.data(), numbers.data(), 2)
                                 : lanewise_set_expression(problem.get(), expression)) == LANEWISE_OK);
            const int which = is_recorded ? 0 : 1;
            REQUIRE(lanewise_evaluate(problem.get(), 1, point.data(), &f[which], g[which].data()) ==
                    LANEWISE_OK);
        }
        CHECK(f[0] == f[1]);
        CHECK(g[0] == g[1]);
    }
}

TEST_CASE("C: what is wrong is named, and the problem can be used on") {
    const Handle problem = problem_over(1, -1, 1);
    lanewise_problem* const p = problem.get();
    lanewise_result* result = nullptr;
    const auto error = [&](int code, int expected) {
        CHECK(code == expected);
        return std::string(lanewise_error(p));
    };
    CHECK(std::string(lanewise_error(p)).empty());
    CHECK(error(lanewise_minimize(p, &result), LANEWISE_INVALID) == "there is no objective");
    CHECK(error(lanewise_set_option(p, "lr", "1"), LANEWISE_INVALID) ==
          "unknown option 'lr'; did you mean 'alpha'?");
    CHECK_THAT(error(lanewise_set_option(p, "json", "out"), LANEWISE_INVALID),
               ContainsSubstring("unknown option"));
    CHECK_THAT(error(lanewise_set_option(p, "alpha", "-1"), LANEWISE_INVALID), ContainsSubstring("alpha"));
    CHECK_THAT(error(lanewise_set_expression(p, nullptr), LANEWISE_INVALID),
               ContainsSubstring("expression: NULL"));
    REQUIRE(lanewise_set_expression(p, "x[0] + sin(") == LANEWISE_OK);
    CHECK_THAT(error(lanewise_minimize(p, &result), LANEWISE_INVALID), ContainsSubstring("line 1"));
    REQUIRE(lanewise_set_expression(p, "log(x[0] - 2)") == LANEWISE_OK);
    CHECK(lanewise_minimize(p, &result) == LANEWISE_NOTHING_FINITE);
    CHECK(result == nullptr);
    CHECK_THAT(error(lanewise_add_variable_text(p, "y=2:1"), LANEWISE_INVALID), ContainsSubstring("y"));
    CHECK(lanewise_dimension(p) == 1);
    REQUIRE(lanewise_set_option(p, "tolerance", "1e-6") == LANEWISE_OK);
    CHECK_THAT(error(lanewise_minimize(p, &result), LANEWISE_INVALID),
               ContainsSubstring("minimize_batch alone"));
    REQUIRE(lanewise_set_option(p, "starts", "5") == LANEWISE_OK);
    double x = 0;
    double f = 0;
    CHECK_THAT(error(lanewise_minimize_batch(p, 1, &x, &x, &f, nullptr, nullptr, nullptr, nullptr),
                     LANEWISE_INVALID),
               ContainsSubstring("starts: not an option of minimize_batch"));

    const Handle mended = problem_over(1, -1, 1);
    REQUIRE(lanewise_set_expression(mended.get(), "x[0]^2") == LANEWISE_OK);
    CHECK(lanewise_best(minimized(mended).get(), nullptr) < 1e-20);
}

TEST_CASE("C: a callback that fails ends the work") {
    Wells wells{.dimension = 1, .code = 1};
    const Handle problem = problem_over(1, -2, 2);
    lanewise_problem* const p = problem.get();
    lanewise_result* result = nullptr;
    REQUIRE(lanewise_set_gradient_callback(p, gradients, &wells) == LANEWISE_OK);
    CHECK(lanewise_minimize(p, &result) == LANEWISE_CALLBACK_FAILED);
    CHECK(wells.counts.size() == 1);
    wells.code = 0;
    lanewise_set_progress(
        p, [](void*, const lanewise_progress*) { return 1; }, nullptr);
    CHECK(lanewise_minimize(p, &result) == LANEWISE_CALLBACK_FAILED);
    lanewise_set_progress(p, nullptr, nullptr);
    lanewise_set_checkpoint(
        p, [](void*, const void*, std::size_t) { return 1; }, nullptr);
    CHECK(lanewise_minimize(p, &result) == LANEWISE_CALLBACK_FAILED);
    lanewise_set_checkpoint(p, nullptr, nullptr);
    minimized(problem);
}

TEST_CASE("C: a callback may not call with its problem") {
    const Handle problem = problem_over(1, -1, 1);
    REQUIRE(lanewise_set_expression(problem.get(), "x[0]^2") == LANEWISE_OK);
    struct Call {
        lanewise_problem* problem;
        int code;
    } call{problem.get(), 0};
    lanewise_set_progress(
        problem.get(),
        [](void* data, const lanewise_progress*) {
            Call& of = *static_cast<Call*>(data);
            of.code = lanewise_set_parameter(of.problem, "a", 1);
            return 0;
        },
        &call);
    minimized(problem);
    CHECK(call.code == LANEWISE_INVALID);
    CHECK_THAT(lanewise_error(problem.get()), ContainsSubstring("at work"));
    lanewise_set_progress(problem.get(), nullptr, nullptr);
    CHECK(lanewise_set_parameter(problem.get(), "a", 1) == LANEWISE_OK);
}

TEST_CASE("C: NULL and numbers out of range are refused") {
    const Handle problem = problem_over(1, -1, 1);
    lanewise_problem* const p = problem.get();
    REQUIRE(lanewise_set_expression(p, "x[0]^2") == LANEWISE_OK);
    const double at = 0;
    CHECK(lanewise_evaluate(p, 1, nullptr, nullptr, nullptr) == LANEWISE_INVALID);
    CHECK(lanewise_minimize_batch(p, 1, &at, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr) ==
          LANEWISE_INVALID);
    CHECK(lanewise_starts(p, 1, nullptr, nullptr) == LANEWISE_INVALID);
    CHECK(lanewise_paths(p, 0, nullptr, 1, nullptr, nullptr) == LANEWISE_INVALID);
    CHECK(lanewise_set_starts(p, 1, nullptr) == LANEWISE_INVALID);
    CHECK(lanewise_set_program(p, 1, nullptr, nullptr, nullptr, nullptr, nullptr, 0) == LANEWISE_INVALID);
    CHECK(lanewise_check_gradient(p, 2, 1e-6, nullptr, nullptr, nullptr) == LANEWISE_OK);
    CHECK(lanewise_set_value_callback(p, values, -1, nullptr) == LANEWISE_INVALID);
    CHECK(lanewise_add_variable(p, "y", 0, &at, &at, 7) == LANEWISE_INVALID);
    for (const char* text : {"abc", "-1", "nan", ""})
        CHECK(lanewise_set_option(p, "tolerance", text) == LANEWISE_INVALID);
    lanewise_result* result = nullptr;
    CHECK(lanewise_resume(p, nullptr, 3, &result) == LANEWISE_INVALID);
}

TEST_CASE("C: a search that is stopped goes on to the same bits") {
    const auto ready = [] {
        Handle problem = problem_over(4, -5, 5);
        REQUIRE(lanewise_set_expression(problem.get(), "sum(i, 0, 3, x[i]^2 - 10*cos(2*pi*x[i]))") ==
                LANEWISE_OK);
        REQUIRE(lanewise_set_option(problem.get(), "starts", "512") == LANEWISE_OK);
        return problem;
    };
    const Found whole = minimized(ready());
    std::string state;
    const Handle cut = ready();
    lanewise_set_checkpoint(
        cut.get(),
        [](void* data, const void* bytes, std::size_t size) {
            static_cast<std::string*>(data)->assign(static_cast<const char*>(bytes), size);
            return 0;
        },
        &state);
    lanewise_set_stop(
        cut.get(), [](void*) { return 1; }, nullptr);
    lanewise_result* result = nullptr;
    const int code = lanewise_minimize(cut.get(), &result);
    const Found so_far(result);
    if (code == LANEWISE_OK) CHECK(std::string(lanewise_status(so_far.get())) == "interrupted");
    REQUIRE_FALSE(state.empty());
    const Handle on = ready();
    REQUIRE(lanewise_resume(on.get(), state.data(), state.size(), &result) == LANEWISE_OK);
    const Found resumed(result);
    CHECK(without_time(lanewise_json(resumed.get())) == without_time(lanewise_json(whole.get())));
    CHECK(lanewise_resume(on.get(), "no state", 8, &result) == LANEWISE_INVALID);
}

TEST_CASE("C: a problem file, its bounds and a check of the gradient") {
    const Handle problem(lanewise_new());
    lanewise_problem* const p = problem.get();
    REQUIRE(lanewise_read(
                p,
                "expression = 'a*x^2 + v[0]*v[1]'\n[variables]\nx = [-1, 2]\nv = {lower = 0, upper = 5, "
                "length = 2}\n[parameters]\na = 2\n[options]\nstarts = 10\n",
                nullptr) == LANEWISE_OK);
    CHECK(lanewise_dimension(p) == 3);
    std::array<double, 3> lower{};
    std::array<double, 3> upper{};
    REQUIRE(lanewise_bounds(p, lower.data(), upper.data()) == LANEWISE_OK);
    CHECK(lower == std::array<double, 3>{-1, 0, 0});
    CHECK(upper == std::array<double, 3>{2, 5, 5});
    CHECK(lanewise_best(minimized(problem).get(), nullptr) < 1e-20);
    int passed = 0;
    const char* verdict = nullptr;
    const char* json = nullptr;
    REQUIRE(lanewise_check_gradient(p, 8, 1e-6, &passed, &verdict, &json) == LANEWISE_OK);
    CHECK(passed == 1);
    CHECK_THAT(std::string(verdict), ContainsSubstring("agrees"));
    CHECK_THAT(std::string(json), ContainsSubstring("\"passed\": true"));
    CHECK(lanewise_read(p, "expression = ", nullptr) == LANEWISE_INVALID);
}

TEST_CASE("C: the ways of runs begin where their starts are") {
    const Handle problem = problem_over(2, -5, 5);
    lanewise_problem* const p = problem.get();
    REQUIRE(lanewise_set_expression(p, "x[0]^2 + 3*x[1]^2") == LANEWISE_OK);
    REQUIRE(lanewise_set_option(p, "starts", "8") == LANEWISE_OK);
    const std::array<std::uint64_t, 2> ids{5, 2};
    std::array<double, 4> x{};
    REQUIRE(lanewise_starts(p, 2, ids.data(), x.data()) == LANEWISE_OK);
    struct Point {
        std::uint64_t start;
        std::int64_t iteration;
        double f, x, y;
    };
    std::vector<Point> points;
    const lanewise_path_callback note = [](void* data, std::uint64_t start, std::int64_t iteration, double f,
                                           const double* at) {
        static_cast<std::vector<Point>*>(data)->push_back({start, iteration, f, at[0], at[1]});
        return 0;
    };
    REQUIRE(lanewise_paths(p, 2, ids.data(), 10, note, &points) == LANEWISE_OK);
    REQUIRE(points.size() == 22);
    for (std::size_t i = 0; i < 2; ++i) {
        const Point& start = points[i * 11];
        CHECK(start.start == ids[i]);
        CHECK(start.iteration == -1);
        CHECK(start.x == x[2 * i]);
        CHECK(start.y == x[2 * i + 1]);
        CHECK(start.f == start.x * start.x + 3 * start.y * start.y);
        CHECK(points[i * 11 + 10].iteration == 9);
        CHECK(points[i * 11 + 10].f < start.f);
    }
    const std::uint64_t none = 8;
    CHECK(lanewise_starts(p, 1, &none, x.data()) == LANEWISE_INVALID);
    CHECK(std::string(lanewise_error(p)) == "start id 8: there are 8 starts");
}

TEST_CASE("C: names of options, versions and progress") {
    std::set<std::string> names;
    for (std::size_t i = 0; lanewise_option_name(i) != nullptr; ++i) names.insert(lanewise_option_name(i));
    CHECK(names.contains("max-evaluations"));
    CHECK_FALSE(names.contains("json"));
    CHECK(std::string(lanewise_version()) == lanewise::version());
    lanewise_progress progress{};
    progress.phase = "polish";
    progress.share = 0.5;
    progress.best_f = 1.5;
    std::array<char, 16> few{};
    const std::size_t length = lanewise_progress_text(&progress, few.data(), few.size());
    CHECK(length > few.size());
    CHECK(std::strlen(few.data()) == few.size() - 1);
    std::string line(length + 1, ' ');
    CHECK(lanewise_progress_text(&progress, line.data(), line.size()) == length);
    CHECK_THAT(line, ContainsSubstring("50 %  polish"));
}

TEST_CASE("C: several threads have problems of their own") {
    std::array<double, 4> best{};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < best.size(); ++i) {
        threads.emplace_back([&best, i] {
            const Handle problem(lanewise_new());
            lanewise_result* result = nullptr;
            if (lanewise_add_variable_text(problem.get(), "x=-5:5") != 0 ||
                lanewise_set_expression(problem.get(), ("(x - 1)^2 + " + std::to_string(i)).c_str()) != 0 ||
                lanewise_minimize(problem.get(), &result) != 0)
                return;
            best[i] = lanewise_best(result, nullptr) + 1;
            lanewise_free_result(result);
        });
    }
    for (std::thread& thread : threads) thread.join();
    for (std::size_t i = 0; i < best.size(); ++i) CHECK(best[i] == Approx(1 + static_cast<double>(i)));
}

namespace {

// Three decays over the same four times; a value is missing.
const std::vector<double> times = {0, 1, 2, 3};
const std::vector<double> signals = {8, 4, 2, 1, 9, 3, 1, std::nan(""), 4, 2, 1, 0.5};
const std::vector<std::size_t> first_rows = {0, 4, 8, 12};

Handle decays() {
    Handle problem(lanewise_new());
    lanewise_problem* const p = problem.get();
    REQUIRE(lanewise_add_variable_text(p, "a=0:20") == LANEWISE_OK);
    REQUIRE(lanewise_add_variable_text(p, "k=0:5") == LANEWISE_OK);
    REQUIRE(lanewise_set_rows(p, 3, first_rows.data()) == LANEWISE_OK);
    REQUIRE(lanewise_add_column(p, "t", 4, times.data(), 1) == LANEWISE_OK);
    REQUIRE(lanewise_add_column(p, "y", 12, signals.data(), 0) == LANEWISE_OK);
    REQUIRE(lanewise_set_model(p, "a*exp(-k*t)", "y", nullptr, nullptr) == LANEWISE_OK);
    REQUIRE(lanewise_set_fit_option(p, "starts", "4") == LANEWISE_OK);
    return problem;
}

struct Fitted {
    std::array<double, 6> x{}, standard_error{};
    std::array<double, 12> covariance{};
    std::array<double, 3> rss{};
    std::array<std::uint8_t, 3> status{};
    std::array<std::uint64_t, 3> n_used{}, n_left_out{}, runs{}, agree{};

    int by(const Handle& problem) {
        return lanewise_fit(problem.get(), nullptr, 0, x.data(), standard_error.data(), covariance.data(),
                            rss.data(), status.data(), n_used.data(), n_left_out.data(), runs.data(),
                            agree.data());
    }
};

}  // namespace

TEST_CASE("C: fits are those of C++") {
    const Handle problem = decays();
    Fitted fitted;
    REQUIRE(fitted.by(problem) == LANEWISE_OK);
    const lanewise::Box box{{"a", 0, 20}, {"k", 0, 5}};
    const lanewise::Model model{.formula = "a*exp(-k*t)", .response = "y"};
    const lanewise::Problems rows{
        .first_rows = first_rows,
        .columns = {{.name = "t", .numbers = times, .is_shared = true}, {.name = "y", .numbers = signals}}};
    const lanewise::Fits fits = lanewise::fit(model, box, rows, {.starts = 4});
    CHECK(std::ranges::equal(fitted.x, fits.x));
    CHECK(std::ranges::equal(fitted.standard_error, fits.standard_error));
    CHECK(std::ranges::equal(fitted.covariance, fits.covariance));
    CHECK(std::ranges::equal(fitted.rss, fits.rss));
    CHECK(std::ranges::equal(fitted.agree, fits.agree));
    CHECK(fitted.n_used == std::array<std::uint64_t, 3>{4, 3, 4});
    CHECK(fitted.n_left_out == std::array<std::uint64_t, 3>{0, 1, 0});
    CHECK(fitted.runs == std::array<std::uint64_t, 3>{4, 4, 4});
    CHECK(fitted.status == std::array<std::uint8_t, 3>{LANEWISE_FIT_CONVERGED, LANEWISE_FIT_CONVERGED,
                                                       LANEWISE_FIT_CONVERGED});
    CHECK(fitted.x[4] == Approx(4));
    CHECK(fitted.x[5] == Approx(std::log(2)));

    const std::vector<double> later = {4, 5, 6, 7, 8, 9};
    const std::vector<std::size_t> two_each = {0, 2, 4, 6};
    REQUIRE(lanewise_set_rows(problem.get(), 3, two_each.data()) == LANEWISE_OK);
    REQUIRE(lanewise_add_column(problem.get(), "t", 6, later.data(), 0) == LANEWISE_OK);
    std::array<double, 6> value{};
    std::array<double, 6> half_width{};
    REQUIRE(lanewise_predict(problem.get(), fitted.x.data(), fitted.covariance.data(), fitted.rss.data(),
                             fitted.status.data(), fitted.n_used.data(), 0.9, value.data(),
                             half_width.data()) == LANEWISE_OK);
    const lanewise::Problems at{.first_rows = two_each, .columns = {{.name = "t", .numbers = later}}};
    const lanewise::Prediction prediction = lanewise::predict(model, box, at, fits, 0.9);
    CHECK(std::ranges::equal(value, prediction.value));
    CHECK(std::ranges::equal(half_width, prediction.half_width));
    CHECK(half_width[2] > 0);
}

TEST_CASE("C: problems have parameters, bounds and starts of their own") {
    const Handle problem = decays();
    lanewise_problem* const p = problem.get();
    const double none = std::nan("");
    const std::array<double, 3> scale{1, 2, 4};
    const std::array<double, 6> upper{none, none, none, none, 0.5, none};
    const std::array<double, 6> starts{5, 1, 5, 1, 0.25, 1};
    const double factor = 2;
    REQUIRE(lanewise_set_model(p, "s*a*exp(-k*t)*c[1]", "y/r", nullptr, "1/r^2") == LANEWISE_OK);
    REQUIRE(lanewise_set_parameter(p, "r", 1) == LANEWISE_OK);
    REQUIRE(lanewise_set_table(p, "c", 2, std::array<double, 2>{0, factor}.data()) == LANEWISE_OK);
    REQUIRE(lanewise_add_problem_parameter(p, "s", scale.data()) == LANEWISE_OK);
    REQUIRE(lanewise_set_problem_bounds(p, nullptr, upper.data()) == LANEWISE_OK);
    REQUIRE(lanewise_set_problem_starts(p, starts.data()) == LANEWISE_OK);
    Fitted fitted;
    REQUIRE(fitted.by(problem) == LANEWISE_OK);
    CHECK(fitted.runs[0] == 5);
    CHECK(fitted.x[0] == Approx(4));
    CHECK(fitted.x[4] == Approx(0.5));
    const std::array<double, 6> low{none, none, none, none, 1, none};
    REQUIRE(lanewise_set_problem_bounds(p, low.data(), upper.data()) == LANEWISE_OK);
    CHECK(fitted.by(problem) == LANEWISE_INVALID);
    CHECK_THAT(lanewise_error(p), ContainsSubstring("a"));
}

TEST_CASE("C: progress, stopping and states of fits") {
    const Handle problem = decays();
    lanewise_problem* const p = problem.get();
    REQUIRE(lanewise_set_fit_option(p, "threads", "1") == LANEWISE_OK);
    std::uint64_t done = 0;
    const lanewise_fit_progress_callback told = [](void* data, const lanewise_fit_progress* progress) {
        *static_cast<std::uint64_t*>(data) = progress->done;
        return progress->problems == 3 ? 0 : 1;
    };
    REQUIRE(lanewise_set_fit_progress(p, told, &done) == LANEWISE_OK);
    std::string state;
    const lanewise_checkpoint_callback keep = [](void* data, const void* bytes, std::size_t size) {
        static_cast<std::string*>(data)->assign(static_cast<const char*>(bytes), size);
        return 0;
    };
    REQUIRE(lanewise_set_checkpoint(p, keep, &state) == LANEWISE_OK);
    Fitted fitted;
    REQUIRE(fitted.by(problem) == LANEWISE_OK);
    CHECK(done == 3);
    std::array<double, 6> again{};
    REQUIRE(lanewise_fit(p, state.data(), state.size(), again.data(), nullptr, nullptr, nullptr, nullptr,
                         nullptr, nullptr, nullptr, nullptr) == LANEWISE_OK);
    CHECK(again == fitted.x);
    const lanewise_fit_progress_callback fails = [](void*, const lanewise_fit_progress*) { return 1; };
    REQUIRE(lanewise_set_fit_progress(p, fails, nullptr) == LANEWISE_OK);
    CHECK(fitted.by(problem) == LANEWISE_CALLBACK_FAILED);
}

TEST_CASE("C: minima of problems are those of C++") {
    const Handle problem(lanewise_new());
    lanewise_problem* const p = problem.get();
    const std::array<std::size_t, 4> no_rows{};
    const std::array<double, 3> a{4, 9, std::nan("")};
    REQUIRE(lanewise_add_variable_text(p, "x=-5:5") == LANEWISE_OK);
    REQUIRE(lanewise_set_rows(p, 3, no_rows.data()) == LANEWISE_OK);
    REQUIRE(lanewise_add_problem_parameter(p, "a", a.data()) == LANEWISE_OK);
    std::array<double, 3> x{}, f{};
    std::array<std::uint8_t, 3> status{};
    std::array<std::uint64_t, 3> runs{}, minima{};
    std::array<double, 9> minima_x{}, minima_f{};
    std::array<std::uint64_t, 9> minima_runs{};
    const auto minimize = [&] {
        return lanewise_minimize_problems(p, nullptr, 0, x.data(), f.data(), status.data(), nullptr, nullptr,
                                          runs.data(), nullptr, 3, minima.data(), minima_x.data(),
                                          minima_f.data(), minima_runs.data());
    };
    CHECK(minimize() == LANEWISE_INVALID);
    CHECK_THAT(lanewise_error(p), ContainsSubstring("there is no expression"));
    REQUIRE(lanewise_set_expression(p, "x/10 - (x^2 - a)^2") == LANEWISE_OK);
    REQUIRE(lanewise_set_option(p, "maximize", "on") == LANEWISE_OK);
    REQUIRE(lanewise_set_fit_option(p, "starts", "12") == LANEWISE_OK);
    REQUIRE(minimize() == LANEWISE_OK);

    const lanewise::Problems problems{.first_rows = {0, 0, 0, 0}, .parameters = {{"a", a}}};
    const lanewise::ProblemEnds ends =
        lanewise::minimize_problems({.expression = "x/10 - (x^2 - a)^2", .maximize = true},
                                    lanewise::Box{{"x", -5, 5}}, problems, {.starts = 12}, 3);
    CHECK(std::equal(x.begin(), x.begin() + 2, ends.x.begin()));
    CHECK(std::equal(f.begin(), f.begin() + 2, ends.f.begin()));
    CHECK(x[0] == Approx(2).epsilon(1e-2));
    CHECK(status ==
          std::array<std::uint8_t, 3>{LANEWISE_FIT_CONVERGED, LANEWISE_FIT_CONVERGED, LANEWISE_FIT_NO_VALUE});
    CHECK(minima == std::array<std::uint64_t, 3>{2, 2, 0});
    CHECK(minima_x[0] == x[0]);
    CHECK(minima_x[1] == Approx(-2).epsilon(1e-2));
    CHECK(minima_f[3] == f[1]);
    CHECK(std::isnan(minima_f[2]));
    CHECK(minima_runs[0] + minima_runs[1] == 12);
    CHECK(minima_runs[2] == 0);
}

TEST_CASE("C: what is wrong with fits is told") {
    const Handle problem = decays();
    lanewise_problem* const p = problem.get();
    const auto refused = [&](int code) {
        CHECK(code == LANEWISE_INVALID);
        return std::string(lanewise_error(p));
    };
    CHECK_THAT(refused(lanewise_set_fit_option(p, "lr", "1")), ContainsSubstring("did you mean 'alpha'"));
    CHECK_THAT(refused(lanewise_set_fit_option(p, "offspring", "on")), ContainsSubstring("unknown option"));
    CHECK_THAT(refused(lanewise_set_fit_option(p, "loss", "l1")), ContainsSubstring("squared, huber"));
    CHECK_THAT(refused(lanewise_set_fit_option(p, "loss_scale", "1,2")), ContainsSubstring("one number"));
    const std::array<std::size_t, 3> falling{0, 4, 3};
    CHECK_THAT(refused(lanewise_set_rows(p, 2, falling.data())), ContainsSubstring("first_rows"));
    CHECK(refused(lanewise_add_column(p, nullptr, 0, nullptr, 0)) == "name: NULL");
    CHECK(refused(lanewise_fit(p, nullptr, 0, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                               nullptr, nullptr)) == "x: NULL");
    std::set<std::string> names;
    for (std::size_t i = 0; lanewise_fit_option_name(i) != nullptr; ++i)
        names.insert(lanewise_fit_option_name(i));
    CHECK(names.contains("loss-scale"));
    CHECK_FALSE(names.contains("start"));
    for (const std::string& name : names) {
        INFO(name);
        CHECK(lanewise_set_fit_option(p, name.c_str(), "") == LANEWISE_INVALID);
        CHECK_THAT(lanewise_error(p), !ContainsSubstring("unknown option"));
    }
    const Handle empty(lanewise_new());
    REQUIRE(lanewise_add_variable_text(empty.get(), "a=0:1") == LANEWISE_OK);
    Fitted fitted;
    CHECK(fitted.by(empty) == LANEWISE_INVALID);
    CHECK(std::string(lanewise_error(empty.get())) == "there is no model");
}

TEST_CASE("C: a formula is minimised over the rows of one problem") {
    const Handle problem = decays();
    lanewise_problem* const p = problem.get();
    REQUIRE(lanewise_set_expression(p, "rows((y - a*exp(-k*t))^2)") == LANEWISE_OK);
    lanewise_result* result = nullptr;
    CHECK(lanewise_minimize(p, &result) == LANEWISE_INVALID);
    CHECK_THAT(lanewise_error(p), ContainsSubstring("rows of 3 problems"));
    const std::array<std::size_t, 2> one{0, 4};
    REQUIRE(lanewise_set_rows(p, 1, one.data()) == LANEWISE_OK);
    REQUIRE(lanewise_add_column(p, "t", 4, times.data(), 1) == LANEWISE_OK);
    REQUIRE(lanewise_add_column(p, "y", 4, signals.data(), 0) == LANEWISE_OK);
    std::array<double, 2> x{};
    CHECK(lanewise_best(minimized(problem).get(), x.data()) == Approx(0).margin(1e-12));
    CHECK(x[0] == Approx(8));
    CHECK(x[1] == Approx(std::log(2)));
}
