// Random formulas against the reference (reference.hpp), on the instruction set under test. RC_PARAMS varies
// them: RC_PARAMS="seed=7 max_success=100000" tests/lanewise_tests '[random]'.
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <random>
#include <sstream>

#include "aligned.hpp"
#include "catch.hpp"
#include "kernel_table.hpp"
#include "lanewise/lanewise.hpp"
#include "program/differentiate.hpp"
#include "program/lower.hpp"
#include "program/translate.hpp"
#include "random_formula.hpp"
#include "reference.hpp"

using namespace lanewise;
using namespace lanewise::test;

namespace {

constexpr std::size_t dimension = 5;
constexpr std::size_t lanes = kernels::lane_group;

/// The same formulas every time, unless RC_PARAMS says otherwise.
template <class Property>
bool holds(const char* description, Property property) {
    static const int is_set = setenv("RC_PARAMS", "seed=1 max_success=1500", 0);
    static_cast<void>(is_set);
    return rc::check(description, property);
}

rc::Gen<RandomFormula> formulas(bool typed = false) {
    const auto generate = [typed](const rc::Random& random, int size) {
        rc::Random copy = random;
        return rc::shrinkable::shrinkRecur(
            random_formula(copy.next(), 2 + size / 4, typed),
            [](const RandomFormula& formula) { return rc::seq::fromContainer(smaller(formula)); });
    };
    return {generate};
}

// --- blocks of points

template <class T>
struct PointRows {
    explicit PointRows(std::size_t lane_count)
        : lane_count(lane_count), x(dimension * lane_count), f(lane_count), g(dimension * lane_count) {}
    std::size_t lane_count;
    AlignedArray<T> x, f, g;
};

template <class T>
void evaluate(const Program& program, const PointRows<T>& rows, Isa isa) {
    const AlignedArray<T> scratch(program.scratch_rows() * rows.lane_count);
    const Block<T> block{rows.lane_count, dimension, rows.x.data(), rows.f.data(), rows.g.data(),
                         scratch.data(),  isa};
    if constexpr (std::is_same_v<T, double>) {
        program.evaluate(block);
    } else {
        program.evaluate_f32(block);
    }
}

using Point = std::vector<double>;

/// Ordinary points first, then ones with zeros and small whole numbers, then ones with anything.
std::vector<Point> random_points(std::uint64_t seed) {
    constexpr std::array special = {0.0, 0.0, 1.0, -1.0, 2.0, -2.0, 0.5, 3.0};
    constexpr std::array wild = {-0.0, 1e-300, -1e-300, 5e-324, 1e-160, 1e-20, -1e-8,
                                 1e8,  1e20,   -1e20,   1e160,  1e300,  -1e300};
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> ordinary(-3, 3);
    std::bernoulli_distribution is_ordinary(0.4);
    const auto one_of = [&](const auto& list) {
        return list[std::uniform_int_distribution<std::size_t>(0, list.size() - 1)(random)];
    };
    std::vector<Point> points;
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        Point point;
        for (std::size_t j = 0; j < dimension; ++j) {
            const bool plain = lane < lanes / 2 || is_ordinary(random);
            point.push_back(plain ? ordinary(random) : lane < 3 * lanes / 4 ? one_of(special) : one_of(wild));
        }
        points.push_back(std::move(point));
    }
    return points;
}

/// Wild numbers of one format made wild ones of the other.
template <class T>
T in_range(double x) {
    if constexpr (std::is_same_v<T, float>) {
        if (x != 0 && (std::abs(x) < 1e-6 || std::abs(x) > 1e6))
            return static_cast<T>(std::copysign(std::pow(std::abs(x), 0.12), x));
    }
    return static_cast<T>(x);
}

template <class T>
PointRows<T> rows_of(const std::vector<Point>& points) {
    PointRows<T> rows(points.size());
    for (std::size_t lane = 0; lane < points.size(); ++lane) {
        for (std::size_t j = 0; j < dimension; ++j)
            rows.x[j * points.size() + lane] = in_range<T>(points[lane][j]);
    }
    return rows;
}

template <class T>
Point point_of(const PointRows<T>& rows, std::size_t lane) {
    Point point;
    for (std::size_t j = 0; j < dimension; ++j)
        point.push_back(static_cast<double>(rows.x[j * rows.lane_count + lane]));
    return point;
}

template <class T>
T derivative(const PointRows<T>& rows, std::size_t lane, std::size_t j) {
    return rows.g[j * rows.lane_count + lane];
}

template <class T>
bool is_finite(const PointRows<T>& rows, std::size_t lane) {
    bool all = std::isfinite(rows.f[lane]);
    for (std::size_t j = 0; j < dimension; ++j) all = all && std::isfinite(derivative(rows, lane, j));
    return all;
}

// --- the judge

std::string at(const Point& point) {
    std::ostringstream text;
    text.precision(17);
    text << "at";
    for (const double x : point) text << " " << x;
    return text.str();
}

void require_close(long double number, const Estimate& expected, const char* what, const Point& point) {
    constexpr long double slack = 3;
    if (std::abs(number - expected.number) <= slack * expected.error) return;
    std::ostringstream message;
    message.precision(18);
    message << what << " is " << number << ", not " << expected.number << " +- " << expected.error << " "
            << at(point);
    RC_FAIL(message.str());
}

struct Tally {
    std::size_t points = 0, values = 0, gradients = 0;
};

Reference reference_at(const WrittenGraph& written, const Point& point, const Format& format) {
    Point with_constants = point;
    with_constants.insert(with_constants.end(), written.constants.begin(), written.constants.end());
    return reference(written.graph, written.value, dimension, with_constants, format);
}

/// Holds a block that was evaluated to the reference.
template <class T>
void judge(const WrittenGraph& written, const PointRows<T>& rows, const Format& format, Tally& tally) {
    for (std::size_t lane = 0; lane < rows.lane_count; ++lane) {
        const Point point = point_of(rows, lane);
        const Reference expected = reference_at(written, point, format);
        ++tally.points;
        if (!expected.has_value) continue;
        ++tally.values;
        require_close(rows.f[lane], expected.value, "the value", point);
        if (!expected.has_gradient) continue;
        ++tally.gradients;
        for (std::size_t j = 0; j < dimension; ++j)
            require_close(derivative(rows, lane, j), expected.gradient[j], "a derivative", point);
    }
}

/// Enough points are judged for the judgement to mean something.
void require_enough(const Tally& tally) {
    INFO(tally.points << " points, " << tally.values << " values, " << tally.gradients << " gradients");
    CHECK(2 * tally.values > tally.points);
    CHECK(10 * tally.gradients > 3 * tally.points);
}

/// Wherever the value is finite the gradient is, unless a derivative on the way leaves the range.
void require_finite_gradients(const WrittenGraph& written, const PointRows<double>& rows, Tally& tally) {
    for (std::size_t lane = 0; lane < rows.lane_count; ++lane) {
        ++tally.points;
        Point point = point_of(rows, lane);
        const bool has_subnormals =
            std::ranges::any_of(point, [](double x) { return std::fpclassify(x) == FP_SUBNORMAL; });
        if (!std::isfinite(rows.f[lane]) || has_subnormals) continue;
        ++tally.values;
        point.insert(point.end(), written.constants.begin(), written.constants.end());
        if (is_finite(rows, lane)) {
            ++tally.gradients;
        } else if (has_derivatives_in_range(written.graph, written.value, point)) {
            RC_FAIL(at(point));
        }
    }
}

/// The graph as it was written, differentiated and lowered without any rewriting.
void evaluate_as_written(const std::string& text, const PointRows<double>& rows, Isa isa) {
    Graph graph(Rewriting::none);
    const NodeId value = translate(text, formula_box(), formula_parameters(), graph);
    const std::vector<NodeId> gradient = differentiate(graph, value, dimension);
    const Lowered lowered = lower({std::move(graph), value, gradient});
    const AlignedArray<double> constants(lowered.constants.size() * lanes);
    for (std::size_t i = 0; i < constants.size(); ++i) constants[i] = lowered.constants[i / lanes];
    const AlignedArray<double> scratch(lowered.registers * rows.lane_count);
    kernels::functions<double>(kernel_table(isa))
        .interpret({lowered.instructions.data(), lowered.instructions.size(), constants.data()},
                   rows.lane_count, rows.x.data(), scratch.data(), rows.f.data(), rows.g.data());
}

// --- bits

/// All NaNs are one.
std::uint64_t bits(double number) {
    return std::isnan(number) ? ~std::uint64_t{0} : std::bit_cast<std::uint64_t>(number);
}

std::vector<std::uint64_t> bits(const PointRows<double>& rows, std::size_t lane) {
    std::vector<std::uint64_t> list = {bits(rows.f[lane])};
    for (std::size_t j = 0; j < dimension; ++j) list.push_back(bits(derivative(rows, lane, j)));
    return list;
}

void require_same_bits(const PointRows<double>& rows, std::size_t lane, const PointRows<double>& expected,
                       std::size_t expected_lane) {
    if (bits(rows, lane) != bits(expected, expected_lane)) RC_FAIL(at(point_of(expected, expected_lane)));
}

bool is_fused(Isa isa) {
    return isa != Isa::sse2;
}

}  // namespace

TEST_CASE("random formulas have the value and gradient of the reference", "[random]") {
    const Isa isa = choose_isa();
    Tally tally;
    REQUIRE(holds("value and gradient", [&] {
        const RandomFormula formula = *formulas();
        const std::string text = as_text(formula);
        RC_LOG(text);
        const Expression objective(text, formula_box(), formula_parameters());
        const PointRows<double> rows = rows_of<double>(random_points(formula.seed));
        evaluate(objective, rows, isa);
        judge(as_graph(formula), rows, f64, tally);
    }));
    require_enough(tally);
}

TEST_CASE("random formulas have the value and gradient of the reference in single precision", "[random]") {
    const Isa isa = choose_isa();
    Tally tally;
    REQUIRE(holds("value and gradient", [&] {
        const RandomFormula formula = *formulas();
        const WrittenGraph written = as_graph(formula);
        for (const double constant : written.constants)
            RC_PRE(constant == 0 || (constant < 1e15 && constant > 1e-15));
        const Expression objective(as_text(formula), formula_box(), formula_parameters());
        const PointRows<float> rows = rows_of<float>(random_points(formula.seed));
        evaluate(objective, rows, isa);
        judge(written, rows, f32, tally);
    }));
}

TEST_CASE("where the value of a random formula is finite, its gradient is", "[random]") {
    const Isa isa = choose_isa();
    Tally tally;
    REQUIRE(holds("finite gradients", [&] {
        const RandomFormula formula = *formulas();
        const std::string text = as_text(formula);
        RC_LOG(text);
        const Expression objective(text, formula_box(), formula_parameters());
        const PointRows<double> rows = rows_of<double>(random_points(formula.seed));
        evaluate(objective, rows, isa);
        require_finite_gradients(as_graph(formula), rows, tally);
    }));
    CHECK(100 * tally.gradients > 99 * tally.values);
}

TEST_CASE("the optimiser keeps what is finite finite", "[random]") {
    constexpr Format whole_range{f64.epsilon, f64.smallest, f64.largest, f64.largest};
    const Isa isa = choose_isa();
    REQUIRE(holds("finite stays finite", [&] {
        const RandomFormula formula = *formulas();
        const std::string text = as_text(formula);
        RC_LOG(text);
        const std::vector<Point> points = random_points(formula.seed);
        const PointRows<double> plain = rows_of<double>(points);
        evaluate_as_written(text, plain, isa);
        const PointRows<double> optimised = rows_of<double>(points);
        evaluate(Expression(text, formula_box(), formula_parameters()), optimised, isa);
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            if (!is_finite(plain, lane) || is_finite(optimised, lane)) continue;
            RC_LOG(at(points[lane]));
            RC_ASSERT_FALSE(reference_at(as_graph(formula), points[lane], whole_range).has_gradient);
        }
    }));
}

TEST_CASE(
    "random formulas have the same bits at every lane, beside anything, and with every fused instruction set",
    "[random]") {
    REQUIRE(holds("the same bits", [] {
        const RandomFormula formula = *formulas();
        const Expression objective(as_text(formula), formula_box(), formula_parameters());
        const std::vector<Point> points = random_points(formula.seed);
        const PointRows<double> expected = rows_of<double>(points);
        evaluate(objective, expected, choose_isa());

        constexpr std::array junk = {std::numeric_limits<double>::quiet_NaN(),
                                     std::numeric_limits<double>::infinity(), 1e300, -0.0};
        for (const Isa isa : built_isas()) {
            if (!isa_available(isa) || is_fused(isa) != is_fused(choose_isa())) continue;
            // Point k goes to every third lane of a wider block, shifted, with junk between.
            const std::size_t shift = formula.seed % 3;
            PointRows<double> moved(3 * lanes);
            for (std::size_t i = 0; i < moved.x.size(); ++i) moved.x[i] = junk[i % junk.size()];
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                for (std::size_t j = 0; j < dimension; ++j)
                    moved.x[j * moved.lane_count + 3 * lane + shift] = points[lane][j];
            }
            evaluate(objective, moved, isa);
            for (std::size_t lane = 0; lane < lanes; ++lane)
                require_same_bits(moved, 3 * lane + shift, expected, lane);
        }
    }));
}

TEST_CASE("definitions have the bits of what they stand for, written out", "[random]") {
    const Isa isa = choose_isa();
    std::size_t in_loops = 0;
    REQUIRE(holds("the same bits", [&] {
        const RandomFormula formula = *formulas();
        const std::vector<Point> points = random_points(formula.seed);
        const std::string text = as_text(formula);
        const std::string plain = as_text(written_out(formula));
        RC_LOG(text + "\n" + plain);
        if (formula.definitions.empty() && text.find(';') != std::string::npos) ++in_loops;
        const PointRows<double> defined = rows_of<double>(points);
        evaluate(Expression(text, formula_box(), formula_parameters()), defined, isa);
        const PointRows<double> expected = rows_of<double>(points);
        evaluate(Expression(plain, formula_box(), formula_parameters()), expected, isa);
        for (std::size_t lane = 0; lane < lanes; ++lane) require_same_bits(defined, lane, expected, lane);
    }));
    CHECK(in_loops > 20);
}

TEST_CASE("a traced function has the bits of the same formula as text", "[random]") {
    const Isa isa = choose_isa();
    REQUIRE(holds("the same bits", [&] {
        const RandomFormula formula = *formulas(true);
        const std::vector<Point> points = random_points(formula.seed);
        const PointRows<double> from_text = rows_of<double>(points);
        evaluate(Expression(in_brackets(formula), formula_box(), formula_parameters()), from_text, isa);
        const PointRows<double> from_trace = rows_of<double>(points);
        evaluate(traced(formula), from_trace, isa);
        for (std::size_t lane = 0; lane < lanes; ++lane) require_same_bits(from_trace, lane, from_text, lane);
    }));
}
