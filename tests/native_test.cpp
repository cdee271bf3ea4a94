// Native objectives: the fused step against the plain one, bit for bit, and against the textbook.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "catch.hpp"
#include "engine/course.hpp"
#include "engine/swarm.hpp"
#include "kernel_table.hpp"
#include "lanewise/lanewise.hpp"
#include "objectives.hpp"
#include "search/starts.hpp"

const lanewise::Objective& rough_1();

namespace natives {
const lanewise::Objective& rough_2();
const lanewise::Objective& rough_9();
const lanewise::Objective& rough_20();
namespace valleys {
const lanewise::Objective& rosenbrock_5();
}
const lanewise::Objective& operations();
}  // namespace natives

using namespace lanewise;
using namespace lanewise::test;

namespace {

/// A native objective whose kernels a search does not see.
class EvaluatedOnly final : public Objective {
  public:
    explicit EvaluatedOnly(const Objective& native) : native_(&native) {}

    std::size_t dimension() const noexcept override { return native_->dimension(); }
    bool has_f32() const noexcept override { return true; }
    void evaluate(const Block<double>& block) const noexcept override { native_->evaluate(block); }
    void evaluate_f32(const Block<float>& block) const noexcept override { native_->evaluate_f32(block); }

  private:
    const Objective* native_;
};

template <class T>
void evaluate_block(const Objective& objective, const Block<T>& block) noexcept {
    if constexpr (sizeof(T) == sizeof(double)) {
        objective.evaluate(block);
    } else {
        objective.evaluate_f32(block);
    }
}

/// Everything a tile keeps after some iterations, and where they ended.
template <class T>
struct Advanced {
    Advanced(const Objective& objective, const Box& box, const Options& options, std::size_t lanes,
             std::size_t chunk, bool fused)
        : search_box(box),
          swarm(0, lanes, search_box, Course(options), options.maximize ? -1 : 1, lanes),
          workspace(lanes, box.dimension(), 0) {
        const Starts starts(search_box, options);
        Point point(box.dimension());
        swarm.begin(0);
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            starts.point(lane, point);
            swarm.start(lane, point);
        }
        tile = swarm.unpack(0, workspace);
        const Course course(options);
        std::vector<kernels::Step<T>> steps;
        for (std::size_t k = 0; k < options.iterations; ++k)
            steps.push_back(step_at<T>(course, k, options.maximize ? -1 : 1));
        const Isa isa = choose_isa();
        struct Context {
            const Objective* objective;
            Isa isa;
        } context{&objective, isa};
        const auto evaluate = [](void* given, const kernels::Tile<T>& rows) noexcept {
            const auto& [objective, isa] = *static_cast<const Context*>(given);
            evaluate_block(*objective,
                           Block<T>{rows.lanes, rows.dimension, rows.x, rows.f, rows.g, nullptr, isa});
        };
        const auto& generic = kernels::functions<T>(kernel_table(isa));
        const auto& native = kernels::functions<T>(*own_kernels(objective)->native(isa, Precision::f64));
        if (fused) tile.newton_from = generic.least_newton_root;  // the plain way has the divider's roots
        while (reached < steps.size()) {
            const std::size_t last = std::min(reached + chunk, steps.size());
            reached = fused ? native.advance_adam(native, tile, steps.data(), reached, last, nullptr)
                            : generic.advance[kernels::adam](tile, steps.data(), reached, last,
                                                             {evaluate, &context});
            if (reached < last) break;
        }
    }

    bool operator==(const Advanced& other) const {
        const auto same = [&](const T* a, const T* b, std::size_t rows) {
            return std::memcmp(a, b, rows * tile.lanes * sizeof(T)) == 0;
        };
        const std::size_t d = tile.dimension;
        // Of frozen lanes the moments mean nothing.
        const auto moments_of_live = [&](const T* moments) {
            std::vector<T> kept(moments, moments + d * kernels::moment_rows[kernels::adam] * tile.lanes);
            for (std::size_t i = 0; i < kept.size(); ++i) {
                if (tile.status[i % tile.lanes] != T(kernels::live)) kept[i] = 0;
            }
            return kept;
        };
        const bool same_moments =
            same(moments_of_live(tile.moments).data(), moments_of_live(other.tile.moments).data(),
                 d * kernels::moment_rows[kernels::adam]);
        return reached == other.reached && same(tile.x, other.tile.x, d) &&
               same(tile.best_x, other.tile.best_x, d) && same_moments &&
               same(tile.best_f, other.tile.best_f, 1) && same(tile.best_step, other.tile.best_step, 1) &&
               same(tile.steps_taken, other.tile.steps_taken, 1) && same(tile.status, other.tile.status, 1);
    }

    std::size_t count(kernels::LaneStatus status) const {
        return static_cast<std::size_t>(std::count(tile.status, tile.status + tile.lanes, T(status)));
    }

    SearchBox search_box;
    Swarm<T> swarm;
    Workspace<T> workspace;
    kernels::Tile<T> tile{};
    std::size_t reached = 0;
};

}  // namespace

TEMPLATE_TEST_CASE("a native objective's fused step has the bits of evaluating and stepping", "", double,
                   float) {
    std::size_t at_start = 0;
    std::size_t on_the_way = 0;
    std::size_t at_wall = 0;
    for (const Objective* objective :
         {&rough_1(), &natives::rough_2(), &natives::rough_9(), &natives::rough_20()}) {
        const std::size_t d = objective->dimension();
        const Box box{{"x", -5, 5, d}};
        for (const std::size_t lanes : {16, 48, 208}) {
            for (const std::size_t chunk : {1, 7, 1000}) {
                const Options options{
                    .starts = lanes, .seed = lanes, .iterations = 100, .rule = {.alpha = 0.1}};
                const Advanced<TestType> fused(*objective, box, options, lanes, chunk, true);
                const Advanced<TestType> plain(*objective, box, options, lanes, chunk, false);
                INFO(d << " variables, " << lanes << " lanes, " << chunk << " iterations a call");
                CHECK(fused == plain);
                at_start += fused.count(kernels::nan_at_start);
                on_the_way += fused.count(kernels::nan_on_the_way);
                at_wall +=
                    static_cast<std::size_t>(std::count(fused.tile.x, fused.tile.x + d * lanes, TestType(5)));
            }
        }
    }
    CHECK(at_start > 20);
    CHECK(on_the_way > 20);
    CHECK(at_wall > 20);
}

TEMPLATE_TEST_CASE("a native objective's fused step ends early where the plain one does", "", double, float) {
    // All broken from the start; all broken after a while, at different iterations.
    const Box dead{{"x", -5, -4.9, 2}};
    const Box doomed{{"x", -5, -4.5, 2}};
    const Options options{
        .starts = 48, .design = Design::uniform, .iterations = 2000, .rule = {.alpha = 0.2}};
    for (const Box* box : {&dead, &doomed}) {
        const Advanced<TestType> plain(natives::rough_2(), *box, options, 48, options.iterations, false);
        CHECK(plain.count(kernels::live) == 0);
        CHECK((plain.reached == 0) == (box == &dead));
        for (const std::size_t chunk : {1, 2, 3, 64, 2000}) {
            CHECK(Advanced<TestType>(natives::rough_2(), *box, options, 48, chunk, true).reached ==
                  plain.reached);
            CHECK(Advanced<TestType>(natives::rough_2(), *box, options, 48, chunk, false).reached ==
                  plain.reached);
        }
    }
}

TEST_CASE("a search uses a native objective's kernels without a trace of it in the result") {
    const auto bits = [](const Result& result) {
        std::vector<std::uint64_t> all = {std::bit_cast<std::uint64_t>(result.best.f),
                                          result.best.start_id,
                                          static_cast<std::uint64_t>(result.best.iteration),
                                          result.work.run_iterations,
                                          result.work.evaluations,
                                          result.iterations,
                                          std::bit_cast<std::uint64_t>(result.work.lane_occupancy)};
        for (const Minimum& minimum : result.minima) {
            for (const double x : minimum.x) all.push_back(std::bit_cast<std::uint64_t>(x));
            all.insert(all.end(), minimum.start_ids.begin(), minimum.start_ids.end());
        }
        all.insert(all.end(), result.runs.begin(), result.runs.end());
        return all;
    };
    for (const Objective* objective : {&rough_1(), &natives::rough_2(), &natives::rough_9()}) {
        const Box box{{"x", -5, 5, objective->dimension()}};
        for (const Precision precision : {Precision::f64, Precision::f32}) {
            for (const std::size_t lanes : {0, 16, 80}) {
                Options options{.starts = 500, .iterations = 150, .rule = {.alpha = 0.08}};
                options.precision = precision;
                options.tile_lanes = lanes;
                for (const Method method : all_methods) {
                    INFO(name(method));
                    options.rule.method = method;
                    CHECK(bits(minimize(*objective, box, options)) ==
                          bits(minimize(EvaluatedOnly(*objective), box, options)));
                }
            }
        }
    }
}

TEST_CASE("a native objective can be maximised and have fixed variables") {
    const Objective& objective = natives::valleys::rosenbrock_5();
    const Box fixed{{"x", -2, 2, 4}, {"y", 0.5, 0.5}};
    const Result least = minimize(objective, fixed, {.starts = 64, .iterations = 3000});
    CHECK(least.best.x[4] == 0.5);
    CHECK(least.best.x[0] == Approx(1).margin(0.2));
    const Box box{{"x", -2, 2, 5}};
    const Result most = minimize(objective, box, {.starts = 64, .iterations = 300, .maximize = true});
    CHECK(most.best.f == 4 * (100 * 36 + 9));
}

TEST_CASE("a native objective's fused step follows the textbook's path") {
    const Objective& objective = natives::valleys::rosenbrock_5();
    const Point start = {-1.2, 1, 0.3, -0.7, 2.1};
    const Box box{{"x", -1000, 1000, 5}};
    Options options{.iterations = 1000, .rule = {.alpha = 0.02}};
    options.start_points = {start};
    options.schedule = Schedule::constant;
    options.scale = Scale::none;
    const std::vector<Point> path = textbook_path(rosenbrock, box, start, options);
    const Course course(options);
    const SearchBox search_box(box);
    Swarm<double> swarm(0, 1, search_box, course, 1, kernels::lane_group);
    const Workspace<double> workspace(kernels::lane_group, 5, 0);
    swarm.begin(0);
    swarm.start(0, start);
    const kernels::Tile<double> tile = swarm.unpack(0, workspace);
    const kernels::Native& native = *own_kernels(objective)->native(choose_isa(), Precision::f64);
    double largest = 0;
    for (std::size_t k = 0; k < options.iterations; ++k) {
        const auto step = step_at<double>(course, k);
        native.f64.advance_adam(native.f64, tile, &step, 0, 1, nullptr);
        for (std::size_t j = 0; j < 5; ++j)
            largest = std::max(largest, std::abs(tile.x[j * tile.lanes] - path[k][j]) /
                                            std::max(std::abs(path[k][j]), 1e-2));
    }
    CHECK(largest < 1e-12);
}

TEMPLATE_TEST_CASE("what a batch can do has the bits of the language's operations", "", double, float) {
    using T = TestType;
    // In the order of native/operations.cpp; empty: checked against `scalar` below.
    const std::vector<const char*> texts = {
        "a+b",     "a-b",      "a*b",      "a/b",     "-a",       "",           "",           "",
        "",        "sqrt(a)",  "abs(a)",   "sign(a)", "floor(a)", "ceil(a)",    "min(a,b)",   "max(a,b)",
        "sin(a)",  "cos(a)",   "sin(a)",   "cos(a)",  "exp(a)",   "exp2(a)",    "expm1(a)",   "log(a)",
        "log2(a)", "log10(a)", "log1p(a)", "tan(a)",  "asin(a)",  "acos(a)",    "atan(a)",    "sinh(a)",
        "cosh(a)", "tanh(a)",  "cbrt(a)",  "erf(a)",  "erfc(a)",  "atan2(a,b)", "hypot(a,b)", "a^b"};
    const Objective& objective = natives::operations();
    const std::size_t d = objective.dimension();
    constexpr std::size_t lanes = kernels::lane_group;
    const Isa isa = choose_isa();
    constexpr T nan = std::numeric_limits<T>::quiet_NaN();
    const std::vector<std::array<T, 3>> points = {
        {T(0.3), T(1.7), T(2.5)},   {T(-0.7), T(0.4), T(-0.2)}, {T(0), T(-0.0), T(1)}, {T(1), T(1), T(1)},
        {T(-2.5), T(3), T(0.5)},    {T(9e3), T(0.5), T(-3)},    {nan, T(1), T(2)},     {T(1), nan, T(2)},
        {T(1.1), T(0.1), T(-0.11)}, {T(-0.0), T(2), T(1)}};
    for (const auto& [a, b, c] : points) {
        INFO("at " << a << ", " << b << ", " << c);
        const AlignedArray<T> rows((2 * d + 1) * lanes);
        std::fill_n(rows.data(), d * lanes, T(0.5));
        rows[3] = a;
        rows[lanes + 3] = b;
        rows[2 * lanes + 3] = c;
        T* g = rows.data() + d * lanes;
        evaluate_block(objective, Block<T>{lanes, d, rows.data(), g + d * lanes, g, nullptr, isa});
        const auto check = [&](std::size_t k, T expected) {
            const T seen = g[k * lanes + 3];
            INFO("operation " << k << ": " << seen << ", expected " << expected);
            CHECK(((std::isnan(seen) && std::isnan(expected)) ||
                   (seen == expected && std::signbit(seen) == std::signbit(expected))));
        };
        for (std::size_t k = 0; k < texts.size(); ++k) {
            if (*texts[k] == '\0') continue;
            const Expression text(texts[k], Box{{"a", -1, 1}, {"b", -1, 1}, {"c", -1, 1}});
            const AlignedArray<T> out((4 + text.scratch_rows()) * lanes);
            evaluate_block(text, Block<T>{lanes, 3, rows.data(), out.data(), out.data() + lanes,
                                          out.data() + 4 * lanes, isa});
            check(k, out[3]);
        }
        const bool fused = isa != Isa::sse2;
        check(5, a);
        check(6, fused ? std::fma(a, b, c) : a * b + c);
        check(7, fused ? std::fma(a, b, -c) : a * b - c);
        check(8, fused ? std::fma(-a, b, c) : c - a * b);
        std::size_t k = texts.size();
        for (const bool holds : {a<b, a <= b, a> b, a >= b, a == b, a != b}) check(k++, holds ? T(1) : T(2));
        check(k++, a < b && b < c ? c : a);
        check(k++, a < b || b < c ? c : a);
        check(k++, !(a < b) ? c : a);
        T sum = 1;
        check(k++, sum += a);
        check(k++, sum -= b);
        check(k++, sum *= c);
        check(k++, sum /= a);
        check(k++, 2 * a - 3);
        CHECK(k == d);
    }
}
