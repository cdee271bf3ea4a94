// Fits of many problems at once: each is what it would be alone, to the bit, whatever its neighbours are.
#include "lanewise/fit.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "catch.hpp"
#include "fit_reference.hpp"
#include "lanewise/expression.hpp"
#include "lanewise/minimize.hpp"
#include "lanewise/minimize_problems.hpp"

using namespace lanewise;

namespace {

constexpr double a_nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

const Box decay_box{{"a", 0, 20}, {"k", 0, 5}};
const Model decay{.formula = "a*exp(-k*t) + c", .response = "y"};

/// Decay curves with rows, some of them missing, offset and bounds of their own.
struct Decays {
    std::vector<std::size_t> first_rows = {0};
    std::vector<double> t, y, c, lower, upper;

    explicit Decays(std::size_t count, bool ragged = true, unsigned seed = 1) {
        std::mt19937 random(seed);
        std::uniform_real_distribution<double> unit(0, 1);
        std::normal_distribution<double> noise(0, 0.05);
        for (std::size_t p = 0; p < count; ++p) {
            const double a = 1 + 9 * unit(random);
            const double k = 0.2 + 2 * unit(random);
            c.push_back(unit(random));
            const std::size_t rows = ragged ? 5 + p % 17 : 20;
            for (std::size_t i = 0; i < rows; ++i) {
                t.push_back(0.2 * static_cast<double>(i));
                const bool is_missing = ragged && i > 0 && unit(random) < 0.1;
                y.push_back(is_missing ? a_nan : a * std::exp(-k * t.back()) + c.back() + noise(random));
            }
            first_rows.push_back(t.size());
            lower.insert(lower.end(), {p % 3 == 0 ? 0.5 : a_nan, a_nan});
            upper.insert(upper.end(), {a_nan, p % 5 == 0 ? 4.0 : a_nan});
        }
    }

    Problems problems() const {
        return {.first_rows = first_rows,
                .columns = {{"t", t}, {"y", y}},
                .parameters = {{"c", c}},
                .lower = lower,
                .upper = upper};
    }
    /// One of them by itself.
    Problems alone(std::size_t p) const {
        const std::size_t first = first_rows[p];
        const std::size_t count = first_rows[p + 1] - first;
        const auto rows = [&](const std::vector<double>& of) { return std::span(of).subspan(first, count); };
        return {.first_rows = {0, count},
                .columns = {{"t", rows(t)}, {"y", rows(y)}},
                .parameters = {{"c", std::span(c).subspan(p, 1)}},
                .lower = std::span(lower).subspan(2 * p, 2),
                .upper = std::span(upper).subspan(2 * p, 2)};
    }
};

void put(std::string& bits, double number) {
    // Of what is not a number only that counts.
    bits += std::isnan(number) ? "nan " : std::to_string(std::bit_cast<std::uint64_t>(number)) + " ";
}

std::string bits_of(const Fits& fits, std::size_t p) {
    std::string bits = std::string(name(fits.status[p])) + " ";
    for (const double x : fits.x_of(p)) put(bits, x);
    for (const double of : fits.covariance_of(p)) put(bits, of);
    put(bits, fits.rss[p]);
    for (const std::size_t count : {fits.n_used[p], fits.n_left_out[p], fits.runs[p], fits.agree[p]})
        bits += std::to_string(count) + " ";
    return bits;
}

std::vector<std::string> bits_of(const Fits& fits) {
    std::vector<std::string> all;
    for (std::size_t p = 0; p < fits.count(); ++p) all.push_back(bits_of(fits, p));
    return all;
}

/// Rows of one problem over t and y.
Problems rows_of(const std::vector<double>& t, const std::vector<double>& y) {
    return {.first_rows = {0, t.size()}, .columns = {{"t", t}, {"y", y}}};
}

std::string refusal(const Model& model, const Box& box, const Problems& problems,
                    const FitOptions& options = {}) {
    try {
        fit(model, box, problems, options);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("fits of a batch have the bits of each problem alone") {
    const Decays decays(45);
    for (const Precision precision : {Precision::f64, Precision::f32}) {
        const FitOptions options{.precision = precision, .threads = 1};
        const Fits all = fit(decay, decay_box, decays.problems(), options);
        for (std::size_t p = 0; p < all.count(); p += 4) {
            INFO(p);
            CHECK(bits_of(fit(decay, decay_box, decays.alone(p), options), 0) == bits_of(all, p));
        }
    }
}

TEST_CASE("fits have the same bits whatever threads, memory, interpreter and instruction set") {
    const Decays decays(33);
    const std::vector<std::string> bits = bits_of(fit(decay, decay_box, decays.problems(), {.threads = 1}));
    for (const FitOptions& options : {FitOptions{.threads = 2}, FitOptions{.threads = 3, .memory = 1},
                                      FitOptions{.memory = 100'000}, FitOptions{.jit = Jit::off}}) {
        CHECK(bits_of(fit(decay, decay_box, decays.problems(), options)) == bits);
    }
    for (const Isa isa : built_isas()) {
        if (!isa_available(isa) || isa == Isa::sse2 || choose_isa() == Isa::sse2) continue;
        CHECK(bits_of(fit(decay, decay_box, decays.problems(), {.isa = isa})) == bits);
    }
}

TEST_CASE("a column that all problems share is as good as copies of it") {
    const Decays decays(20, false);
    Problems shared = decays.problems();
    shared.columns[0] = {"t", std::span(decays.t).first(20), true};
    CHECK(bits_of(fit(decay, decay_box, shared)) == bits_of(fit(decay, decay_box, decays.problems())));
    // Rows that one problem lacks do not move those of another.
    std::vector<double> y = decays.y;
    y[3] = a_nan;
    shared.columns[1] = {"y", y};
    const Fits with_gap = fit(decay, decay_box, shared);
    CHECK(with_gap.n_left_out[0] == 1);
    CHECK(bits_of(with_gap, 7) == bits_of(fit(decay, decay_box, decays.problems()), 7));
}

TEST_CASE("fits agree with the reference") {
    const Decays decays(12);
    const Fits fits = fit(decay, decay_box, decays.problems());
    for (std::size_t p = 0; p < fits.count(); ++p) {
        std::vector<double> t;
        test::FitProblem problem{.model = {}, .y = {}, .lower = {0, 0}, .upper = {20, 5}};
        for (std::size_t i = decays.first_rows[p]; i < decays.first_rows[p + 1]; ++i) {
            if (std::isnan(decays.y[i])) continue;
            t.push_back(decays.t[i]);
            problem.y.push_back(decays.y[i]);
        }
        problem.model = [&](std::size_t row, const test::Point& x, test::Point& derivatives) {
            const double e = std::exp(-x[1] * t[row]);
            derivatives = {e, -x[0] * t[row] * e};
            return x[0] * e + decays.c[p];
        };
        const test::FitOutcome outcome = test::fit_reference(problem, {5, 1});
        CHECK(fits.status[p] == FitStatus::converged);
        CHECK(fits.n_used[p] == t.size());
        CHECK(fits.rss[p] == Approx(outcome.rss).epsilon(1e-9));
        for (std::size_t j = 0; j < 2; ++j) {
            CHECK(fits.x[2 * p + j] == Approx(outcome.x[j]).epsilon(1e-6));
            CHECK(fits.standard_error[2 * p + j] == Approx(outcome.standard_error[j]).epsilon(1e-5));
        }
    }
}

TEST_CASE("broken problems are a status in their place and touch no other") {
    const std::size_t rows = 6;
    const std::vector<std::vector<double>> responses = {
        {5, 3, 2, 1.2, 0.7, 0.5},
        {a_nan, a_nan, a_nan, a_nan, a_nan, a_nan},
        {1e300, -1e300, 1e300, 1e300, 1e300, 1e300},
        {2, 2, 2, 2, 2, 2},
        {},
        {infinity, 1, 1, 1, 1, 1},
        {3, a_nan, a_nan, a_nan, a_nan, a_nan},
        {5, 3, 2, 1.2, 0.7, 0.5},
    };
    std::vector<double> t;
    std::vector<double> y;
    Problems problems;
    for (const std::vector<double>& response : responses) {
        for (std::size_t i = 0; i < response.size(); ++i) t.push_back(static_cast<double>(i));
        y.insert(y.end(), response.begin(), response.end());
        problems.first_rows.push_back(y.size());
    }
    problems.columns = {{"t", t}, {"y", y}};
    const Model model{.formula = "a*exp(-k*t)", .response = "y"};
    const Fits fits = fit(model, decay_box, problems);
    CHECK(fits.status == std::vector{FitStatus::converged, FitStatus::no_rows, FitStatus::no_value,
                                     FitStatus::converged, FitStatus::no_rows, FitStatus::no_value,
                                     FitStatus::converged, FitStatus::converged});
    const std::vector<double> first_t(t.begin(), t.begin() + rows);
    CHECK(bits_of(fits, 0) == bits_of(fit(model, decay_box, rows_of(first_t, responses[0])), 0));
    CHECK(bits_of(fits, 7) == bits_of(fits, 0));
    for (const std::size_t p : {1, 2, 4, 5}) {
        CHECK(std::isnan(fits.x[2 * p]));
        CHECK(std::isnan(fits.rss[p]));
    }
    CHECK(fits.x[6] == Approx(2));
    CHECK(fits.rss[6] == Approx(0).margin(1e-12));
    CHECK(fits.n_used == std::vector<std::size_t>{6, 0, 6, 6, 0, 6, 1, 6});
    CHECK(fits.n_left_out == std::vector<std::size_t>{0, 6, 0, 0, 0, 0, 5, 0});
    // One row does not tell two variables.
    CHECK(fits.standard_error[12] == infinity);
}

TEST_CASE("units that differ by powers of two change no bit of a fit") {
    const Decays decays(8, false);
    const FitOptions options{.starts = 6};
    const Model model{.formula = "a*exp(-k*t)", .response = "y"};
    const auto problems = [&](const std::vector<double>& t, const std::vector<double>& y) {
        return Problems{.first_rows = decays.first_rows, .columns = {{"t", t}, {"y", y}}};
    };
    const Fits fits = fit(model, decay_box, problems(decays.t, decays.y), options);
    std::vector<double> t = decays.t;
    std::vector<double> y = decays.y;
    for (double& of_row : t) of_row *= 0x1p-3;
    for (double& of_row : y) of_row *= 0x1p21;
    const Box box{{"a", 0, 20 * 0x1p21}, {"k", 0, 5 * 0x1p3}};
    const Fits scaled = fit(model, box, problems(t, y), options);
    for (std::size_t p = 0; p < fits.count(); ++p) {
        CHECK(scaled.x[2 * p] == fits.x[2 * p] * 0x1p21);
        CHECK(scaled.x[2 * p + 1] == fits.x[2 * p + 1] * 0x1p3);
        CHECK(scaled.rss[p] == fits.rss[p] * 0x1p42);
        CHECK(scaled.agree[p] == fits.agree[p]);
    }
}

TEST_CASE("losses have their least value where a search of the same sum finds it") {
    std::mt19937 random(2);
    std::normal_distribution<double> noise(0, 0.2);
    std::vector<double> t;
    std::vector<double> y;
    std::vector<double> counts;
    std::vector<double> truths;
    for (int i = 0; i < 40; ++i) {
        t.push_back(0.1 * i);
        y.push_back(5 * std::exp(-0.6 * t.back()) + noise(random) + (i % 9 == 4 ? 3 : 0));
        counts.push_back(std::floor(std::max(0.0, y.back() * 2)));
        truths.push_back(i < 15 + (i % 5) * 4 ? 1 : 0);
    }
    struct Case {
        Loss loss;
        std::string response, term, model;
    };
    const std::string z = "z = ((y - m)/0.5)^2/4;";
    for (const Case& it : {
             Case{Loss::squared, "y", "((y - m)/0.5)^2", "a*exp(-k*t)"},
             Case{Loss::huber, "y", z + "4*if(z <= 1, z, 2*sqrt(z) - 1)", "a*exp(-k*t)"},
             Case{Loss::soft_l1, "y", z + "8*(sqrt(1 + z) - 1)", "a*exp(-k*t)"},
             Case{Loss::cauchy, "y", z + "4*log(1 + z)", "a*exp(-k*t)"},
             Case{Loss::poisson, "n", "2*(if(n > 0, n*log(n/m), 0) - (n - m))/0.25", "a*exp(-k*t) + 0.01"},
             Case{Loss::logistic, "b", "2*(log(1 + exp(m)) - b*m)/0.25", "a - 3*k*t"},
         }) {
        INFO(name(it.loss));
        const Model model{
            .formula = it.model, .response = it.response, .sigma = "0.5", .loss = it.loss, .loss_scale = 2};
        const Problems problems{.first_rows = {0, t.size()},
                                .columns = {{"t", t}, {"y", y}, {"n", counts}, {"b", truths}}};
        const Fits fits = fit(model, decay_box, problems);
        const Data data({{"t", t}, {"y", y}, {"n", counts}, {"b", truths}});
        const std::string term = "rows(m = " + it.model + "; " + it.term + ")";
        const Expression sum(term, decay_box, {}, data);
        const Result result = minimize(sum, decay_box, {.starts = 64});
        CHECK(fits.status[0] == FitStatus::converged);
        CHECK(fits.rss[0] == Approx(result.best.f).epsilon(1e-10));
        CHECK(fits.x[0] == Approx(result.best.x[0]).epsilon(1e-5));
        CHECK(fits.x[1] == Approx(result.best.x[1]).epsilon(1e-5));
    }
}

TEST_CASE("sigma and weights weigh the rows, and say whether they are known") {
    const Decays decays(1, false);
    const std::vector<double> s(20, 0.25);
    const std::vector<double> w(20, 16);
    const Problems problems{.first_rows = decays.first_rows,
                            .columns = {{"t", decays.t}, {"y", decays.y}, {"s", s}, {"w", w}}};
    Model model{.formula = "a*exp(-k*t)", .response = "y"};
    const Fits plain = fit(model, decay_box, problems);
    model.sigma = "s";
    const Fits by_sigma = fit(model, decay_box, problems);
    const Fits known = fit(model, decay_box, problems, {.absolute_sigma = true});
    model.sigma = "";
    model.weights = "w";
    const Fits by_weights = fit(model, decay_box, problems);
    CHECK(bits_of(by_weights) == bits_of(by_sigma));
    CHECK(by_sigma.rss[0] == 16 * plain.rss[0]);
    CHECK(by_sigma.standard_error[1] == Approx(plain.standard_error[1]));
    const double of_residuals = std::sqrt(plain.rss[0] / 18);
    CHECK(known.standard_error[1] == Approx(plain.standard_error[1] * 0.25 / of_residuals));
}

TEST_CASE("a variable on a log scale, a fixed one and one at its bound") {
    const std::vector<double> t = {1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5};
    std::vector<double> y;
    for (const double dose : t) y.push_back(7 + 90 / (1 + std::pow(dose / 3e-8, 1.2)));
    const Model model{.formula = "b + (u - b)/(1 + (t/k)^h)", .response = "y"};
    const Box box({{.name = "b", .lower = -20, .upper = 50},
                   {.name = "u", .lower = 97, .upper = 97},
                   {.name = "k", .lower = 1e-12, .upper = 1, .log = true},
                   {.name = "h", .lower = 0.1, .upper = 1.0}});
    const Fits fits = fit(model, box, rows_of(t, y));
    CHECK(fits.status[0] == FitStatus::converged);
    CHECK(fits.x[1] == 97);
    CHECK(fits.standard_error[1] == 0);
    CHECK(fits.x[3] == 1.0);
    const Box wide({{.name = "b", .lower = -20, .upper = 50},
                    {.name = "u", .lower = 97, .upper = 97},
                    {.name = "k", .lower = 1e-12, .upper = 1, .log = true},
                    {.name = "h", .lower = 0.1, .upper = 5}});
    const Fits free = fit(model, wide, rows_of(t, y));
    CHECK(free.x[2] == Approx(3e-8).epsilon(1e-6));
    CHECK(free.x[3] == Approx(1.2).epsilon(1e-6));
    CHECK(free.rss[0] < 1e-12);
}

TEST_CASE("where several walls meet, every run of a convex fit comes to the one minimum") {
    std::mt19937 random(7);
    std::uniform_real_distribution<double> unit(0, 1);
    for (const std::size_t d : {2, 3, 5, 8}) {
        INFO(d);
        std::string formula;
        std::vector<Variable> variables;
        std::vector<std::vector<double>> columns(d + 1);
        for (std::size_t j = 0; j < d; ++j) {
            formula += (j == 0 ? "" : " + ") + ("v" + std::to_string(j)) + "*x" + std::to_string(j);
            variables.push_back({.name = "v" + std::to_string(j), .lower = 0, .upper = 1});
        }
        const std::size_t count = 60;
        Problems problems;
        for (std::size_t p = 0; p < count; ++p) {
            for (std::size_t i = 0; i < d + 2; ++i) {
                for (std::size_t j = 0; j < d; ++j) columns[j].push_back(unit(random) - 0.3);
                columns[d].push_back(3 * unit(random) - 1.5);
            }
            problems.first_rows.push_back(columns[d].size());
        }
        for (std::size_t j = 0; j < d; ++j) problems.columns.push_back({"x" + std::to_string(j), columns[j]});
        problems.columns.push_back({"y", columns[d]});
        const Fits fits =
            fit({.formula = formula, .response = "y"}, Box(variables), problems, {.starts = 16});
        for (std::size_t p = 0; p < count; ++p) {
            CHECK(fits.status[p] == FitStatus::converged);
            CHECK(fits.agree[p] == 16);
        }
    }
    const std::vector<double> t = {1, 2, 3};
    const std::vector<double> y = {-0.8, 0.4, 1.6};
    const Model line{.formula = "a + b*t", .response = "y"};
    const Box square{{"a", 0, 1}, {"b", 0, 1}};
    for (const std::vector<double>& start :
         std::vector<std::vector<double>>{{0.5, 0.5}, {0.9, 0.2}, {0.5, 0.1}}) {
        const Fits fits = fit(line, square, rows_of(t, y), {.start_points = {start}});
        CHECK(fits.rss[0] == Approx(1.714286).epsilon(1e-5));
        CHECK(fits.x[0] == 0);
    }
}

TEST_CASE("what a formula does not name leaves its problems as they are") {
    // Problems differ in their rows, of which the formula counts the number alone.
    const std::vector<double> any(1000, 1.0);
    Problems problems;
    for (std::size_t p = 0; p < 64; ++p)
        problems.first_rows.push_back(problems.first_rows.back() + 1 + p % 7);
    problems.columns = {{"u", std::span(any).first(problems.first_rows.back())}};
    const Box box{{"x", -3, 3}};
    for (const Jit jit : {Jit::off, Jit::on}) {
        if (jit == Jit::on && (choose_isa() == Isa::sse2 || choose_isa() == Isa::neon)) continue;
        const ProblemEnds ends = minimize_problems({.expression = "(1 + (x - 1)^2)*rows(1)"}, box, problems,
                                                   {.starts = 4, .jit = jit});
        for (std::size_t p = 0; p < 64; ++p) CHECK(ends.f[p] == Approx(static_cast<double>(1 + p % 7)));
    }
}

TEST_CASE("single precision brings runs near, double precision to the minimum") {
    const Decays decays(40, false);
    const Model model{.formula = "a*exp(-k*t)", .response = "y"};
    const Problems problems{.first_rows = decays.first_rows, .columns = {{"t", decays.t}, {"y", decays.y}}};
    const Fits in_double = fit(model, decay_box, problems);
    const Fits in_single = fit(model, decay_box, problems, {.precision = Precision::f32});
    for (std::size_t p = 0; p < in_double.count(); ++p) {
        CHECK(in_single.status[p] == FitStatus::converged);
        CHECK(in_single.agree[p] > 0);
        CHECK(in_single.rss[p] == Approx(in_double.rss[p]).epsilon(1e-10));
        CHECK(in_single.x[2 * p + 1] == Approx(in_double.x[2 * p + 1]).epsilon(1e-6));
    }
}

TEST_CASE("weights, sigma and responses that cannot be are a status") {
    const std::vector<double> t = {0, 1, 2, 3};
    const std::vector<double> y = {1, 2, 5, 6};
    const std::vector<double> w = {1, 1, -0.5, 1};
    const Problems problems{.first_rows = {0, 4}, .columns = {{"t", t}, {"y", y}, {"w", w}}};
    Model model{.formula = "a + k*t", .response = "y", .weights = "w"};
    CHECK(fit(model, decay_box, problems).status[0] == FitStatus::no_value);
    model.weights = "";
    model.sigma = "w";
    CHECK(fit(model, decay_box, problems).status[0] == FitStatus::no_value);
    model.sigma = "";
    model.loss = Loss::logistic;
    CHECK(fit(model, decay_box, problems).status[0] == FitStatus::no_value);
    model.loss = Loss::poisson;
    model.response = "-y";
    CHECK(fit(model, decay_box, problems).status[0] == FitStatus::no_value);
}

TEST_CASE("a fixed variable may have derivatives without a value, and a start on a log scale be anything") {
    const std::vector<double> t = {0, 1, 2, 3};
    const std::vector<double> y = {0, 1, 2.1, 3};
    const Box box{{"a", 0, 5}, {"b", 0, 0}};
    const Fits fits = fit({.formula = "a*t + b*1e200*t", .response = "y"}, box, rows_of(t, y));
    CHECK(fits.status[0] == FitStatus::converged);
    CHECK(fits.x[0] == Approx(14.2 / 14));
    const Box log_box({{.name = "a", .lower = 1e-3, .upper = 1e6, .log = true}});
    const Fits from_below = fit({.formula = "a*t", .response = "y"}, log_box, rows_of(t, y),
                                {.start_points = {{-1}}, .most_steps = 1});
    CHECK(from_below.x[0] < 1);
}

TEST_CASE("fits that are stopped go on from their checkpoint") {
    const Decays decays(60);
    const FitOptions plain{.threads = 1};
    const std::vector<std::string> bits = bits_of(fit(decay, decay_box, decays.problems(), plain));
    std::string state;
    FitOptions options = plain;
    options.memory = 1;  // small blocks
    options.checkpoint = [&](std::string_view bytes) { state = bytes; };
    int asked = 0;
    options.stop = [&] { return ++asked > 300; };
    const Fits stopped = fit(decay, decay_box, decays.problems(), options);
    const auto of_status = [](const Fits& fits, FitStatus status) {
        return std::ranges::count(fits.status, status);
    };
    CHECK(of_status(stopped, FitStatus::stopped) > 0);
    CHECK(of_status(stopped, FitStatus::converged) > 0);
    options.stop = {};
    const std::string kept = state;
    options.resume = kept;
    CHECK(bits_of(fit(decay, decay_box, decays.problems(), options)) == bits);
    const Decays others(60, true, 2);
    CHECK_THAT(refusal(decay, decay_box, others.problems(), options),
               ContainsSubstring("the checkpoint is of another fit"));
    std::string damaged = kept;
    damaged[damaged.size() / 2] ^= 1;
    options.resume = damaged;
    CHECK_THAT(refusal(decay, decay_box, decays.problems(), options), ContainsSubstring("damaged"));
}

TEST_CASE("a hundred thousand problems within little memory, in the order of the input") {
    const std::size_t count = 100'000;
    const std::vector<double> t = {1, 2, 3, 4};
    std::vector<double> y;
    std::vector<double> starts;
    Problems problems{.columns = {{"t", t, true}, {"y", {}}}};
    for (std::size_t p = 0; p < count; ++p) {
        for (const double of_row : t)
            y.push_back(static_cast<double>(p % 1000) + of_row * static_cast<double>(p));
        starts.insert(starts.end(), {1, 1});
        problems.first_rows.push_back(y.size());
    }
    problems.columns[1].numbers = y;
    problems.starts = starts;
    const Box box{{"b", -1e9, 1e9}, {"m", -1e9, 1e9}};
    const Fits fits = fit({.formula = "b + m*t", .response = "y"}, box, problems, {.memory = 1'000'000});
    std::size_t right = 0;
    for (std::size_t p = 0; p < count; ++p) {
        const bool is_right = std::abs(fits.x[2 * p] - static_cast<double>(p % 1000)) < 1e-4 &&
                              std::abs(fits.x[2 * p + 1] - static_cast<double>(p)) < 1e-4;
        right += is_right ? 1 : 0;
    }
    CHECK(right == count);
}

TEST_CASE("predictions are the model with the band of its covariance") {
    const std::vector<double> t = {0, 1, 2, 3, 4};
    const std::vector<double> y = {1.1, 2.9, 5.2, 6.8, 9.1};
    const Model line{.formula = "b + m*t", .response = "y"};
    const Box box{{"b", -10, 10}, {"m", -10, 10}};
    const Fits fits = fit(line, box, rows_of(t, y));
    const std::vector<double> at = {2, 10};
    const Problems rows{.first_rows = {0, 2}, .columns = {{"t", at}}};
    const Prediction prediction = predict(line, box, rows, fits);
    // At the middle of the data the line is known as a mean is: s / sqrt(n), times t of 3 degrees.
    const double s = std::sqrt(fits.rss[0] / 3);
    CHECK(prediction.value[0] == Approx(5.02));
    CHECK(prediction.half_width[0] == Approx(3.182446305 * s / std::sqrt(5)).epsilon(1e-8));
    CHECK(prediction.half_width[1] == Approx(3.182446305 * s * std::sqrt(0.2 + 6.4)).epsilon(1e-8));
    CHECK_THROWS_WITH(predict(line, box, rows, fits, 1.5), ContainsSubstring("confidence 1.5"));
    const Box through_one{{"b", 1, 1}, {"m", -10, 10}};
    const Fits slope = fit(line, through_one, rows_of(t, y));
    const Prediction fixed = predict(line, through_one, rows, slope);
    CHECK_THROWS_WITH(predict({.formula = "b + m*t/rows(t)", .response = "y"}, box, rows, fits),
                      ContainsSubstring("with rows(...) it cannot be predicted"));
    CHECK(fixed.half_width[1] == Approx(2.776445105 * 10 * slope.standard_error[1]).epsilon(1e-8));
}

TEST_CASE("problems of any formula are minimised each for itself") {
    const std::size_t count = 30;
    std::vector<double> a;
    for (std::size_t p = 0; p < count; ++p) a.push_back(1 + 0.1 * static_cast<double>(p));
    const Problems problems{.first_rows = std::vector<std::size_t>(count + 1, 0), .parameters = {{"a", a}}};
    const Box box{{"x", -3, 3}, {"y", -3, 3}};
    const ProblemsObjective wells{.expression = "(x - a/2)^2 + y^4 - a*y^2 + 0.1*y"};
    const ProblemEnds ends = minimize_problems(wells, box, problems, {.starts = 32}, 4);
    for (std::size_t p = 0; p < count; ++p) {
        const Result alone = minimize(Expression(wells.expression, box, {{"a", a[p]}}), box, {.starts = 64});
        CHECK(ends.status[p] == FitStatus::converged);
        CHECK(ends.f[p] == Approx(alone.best.f).epsilon(1e-12));
        CHECK(ends.x[2 * p + 1] == Approx(alone.best.x[1]).epsilon(1e-6));
        REQUIRE(ends.minima[p].size() == 2);
        CHECK(ends.minima[p][1].x[1] > 0);
        CHECK(ends.minima[p][0].runs + ends.minima[p][1].runs == 32);
    }
    const ProblemsObjective hills{.expression = "-((x - a/2)^2 + y^4 - a*y^2 + 0.1*y)", .maximize = true};
    const ProblemEnds tops = minimize_problems(hills, box, problems, {.starts = 32}, 4);
    CHECK(tops.x == ends.x);
    CHECK(tops.f[3] == -ends.f[3]);
    // A flat one leads from wall to wall, and one without a value is a status.
    const ProblemEnds flat = minimize_problems({.expression = "a*x - y + log(a - 1.05)"}, box, problems);
    CHECK(flat.status[0] == FitStatus::no_value);
    CHECK(flat.x[2 * 20] == -3);
    CHECK(flat.x[2 * 20 + 1] == 3);
}

TEST_CASE("rows of groups, interleaved as they may be") {
    const std::vector<std::string> keys = {"b", "a", "b", "c", "a", "b"};
    const Groups groups = group_rows(keys);
    CHECK(groups.keys == std::vector<std::string>{"b", "a", "c"});
    CHECK(groups.first_rows == std::vector<std::size_t>{0, 3, 5, 6});
    CHECK(groups.order == std::vector<std::size_t>{0, 2, 5, 1, 4, 3});
}

TEST_CASE("what cannot be fitted is refused by name before any work") {
    const std::vector<double> t = {0, 1, 2};
    const std::vector<double> y = {3, 2, 1};
    const Problems problems = rows_of(t, y);
    const Model model{.formula = "a*exp(-k*t)", .response = "y"};
    CHECK(refusal(model, decay_box, problems) == "accepted");
    const auto with = [&](auto change) {
        Model changed = model;
        change(changed);
        return refusal(changed, decay_box, problems);
    };
    CHECK_THAT(with([](Model& m) { m.formula = "a*exp(-k*u)"; }), ContainsSubstring("'u' is not known"));
    CHECK_THAT(with([](Model& m) { m.response = ""; }), ContainsSubstring("response"));
    CHECK_THAT(with([](Model& m) { m.response = "a*y"; }),
               ContainsSubstring("response 'a*y': 'a' is a variable of the fit"));
    CHECK_THAT(with([](Model& m) { m.response = "y +"; }), ContainsSubstring("response"));
    CHECK_THAT(with([](Model& m) { m.sigma = m.weights = "1"; }), ContainsSubstring("sigma and weights"));
    CHECK_THAT(with([](Model& m) { m.tables["a"] = {1}; }),
               ContainsSubstring("table 'a' is also a variable"));
    CHECK_THAT(with([](Model& m) { m.loss_scale = 0; }), ContainsSubstring("loss-scale 0"));
    CHECK_THAT(with([](Model& m) { m.parameters["c"] = a_nan; }), ContainsSubstring("parameter 'c'"));
    CHECK_THAT(refusal(model, decay_box, problems, {.starts = 0}), ContainsSubstring("starts 0"));
    CHECK_THAT(refusal(model, decay_box, problems, {.most_steps = 0}), ContainsSubstring("max-steps 0"));
    CHECK_THAT(refusal(model, Box{{"a", 0, infinity}, {"k", 0, 1}}, problems),
               ContainsSubstring("bounds of 'a' are 0 and inf"));
    Problems wrong = problems;
    wrong.columns[0].numbers = std::span(t).first(2);
    CHECK_THAT(refusal(model, decay_box, wrong), ContainsSubstring("column 't' has 2 rows, 3 are needed"));
    wrong = problems;
    const std::vector<double> lower = {5, 3};
    const std::vector<double> upper = {1, 4};
    wrong.lower = lower;
    wrong.upper = upper;
    CHECK_THAT(refusal(model, decay_box, wrong), ContainsSubstring("bounds of 'a' in problem 0"));
}
