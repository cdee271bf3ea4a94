// Quotients and roots by Newton's method, where there are such forms, are rounded as the processor's own are.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "aligned.hpp"
#include "catch.hpp"
#include "kernels/table.hpp"
#include "lanewise/lanewise.hpp"
#include "newton/forms.hpp"
#include "ulp.hpp"

namespace lanewise::test {
extern const std::vector<const Newton*> all_newton;  // one for each instruction set
}

using namespace lanewise;
using test::NewtonForms;
using test::Random;

namespace {

template <class T>
const NewtonForms<T>& forms() {
    const auto found = std::ranges::find_if(
        test::all_newton, [](const test::Newton* newton) { return newton->isa == isa_name(choose_isa()); });
    if constexpr (sizeof(T) == sizeof(double)) {
        return (*found)->f64;
    } else {
        return (*found)->f32;
    }
}

/// How many roots differ from the processor's.
template <class T>
std::size_t wrong_roots(const std::vector<T>& numbers, auto take_roots) {
    const std::size_t group = kernels::lane_group;
    const std::size_t count = (numbers.size() + group - 1) / group * group;
    const AlignedArray<T> a(count);
    const AlignedArray<T> roots(count);
    std::fill_n(a.data(), count, T(1));
    std::ranges::copy(numbers, a.data());
    take_roots(count, a.data(), roots.data());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const T expected = std::sqrt(a[i]);
        const bool same = roots[i] == expected && std::signbit(roots[i]) == std::signbit(expected);
        wrong += same || (std::isnan(roots[i]) && std::isnan(expected)) ? 0 : 1;
    }
    return wrong;
}

__extension__ using Wide = __int128;

/// s with s^2 = k modulo 2^bits, for k = 1 modulo 8. The others are -s, and both plus 2^(bits-1).
std::uint64_t root_modulo(std::uint64_t k, unsigned bits) {
    std::uint64_t s = 1;
    for (unsigned bit = 3; bit < bits; ++bit) {
        if (((s * s - k) >> bit & 1U) != 0) s += std::uint64_t{1} << (bit - 1);
    }
    return s;
}

/// Numbers of [1, 4) whose roots lie nearest to the middle between two neighbouring doubles. With an odd
/// n = 2 r + 1 the middle is n 2^-53, for r of 53 bits; a number m 2^-52 (or m 2^-51, from 2 on) has its root
/// k / (8 r) ulps from it, where n^2 = m 2^54 + k (m 2^55 + k).
std::vector<double> hardest_roots(std::int64_t largest_k) {
    std::vector<double> numbers;
    for (std::int64_t k = -largest_k / 8 * 8 + 1; k <= largest_k; k += 8) {
        for (const unsigned bits : {54U, 55U}) {
            const std::uint64_t modulus = std::uint64_t{1} << bits;
            const std::uint64_t s = root_modulo(static_cast<std::uint64_t>(k), bits);
            for (const std::uint64_t candidate : {s, modulus - s, s + modulus / 2, modulus / 2 - s}) {
                const std::uint64_t n = candidate & (modulus - 1);
                const double middle = static_cast<double>(n) * 0x1p-53;
                const bool in_range =
                    bits == 54 ? middle > 1 && middle * middle < 2 : middle * middle > 2 && middle < 2;
                if (!in_range) continue;
                const auto m = static_cast<double>((static_cast<Wide>(n) * n - static_cast<Wide>(k)) >> bits);
                numbers.push_back(std::ldexp(m, bits == 54 ? -52 : -51));
            }
        }
    }
    return numbers;
}

}  // namespace

TEST_CASE("the root by Newton's method is rounded correctly, also where it is hardest") {
    if (forms<double>().square_root == nullptr) return;
    const std::vector<double> hardest = hardest_roots(400'000);
    REQUIRE(hardest.size() > 100'000);
    // They are what they are taken for, as far as a long double tells: nearer to the middle between two
    // doubles than 2^-9 ulps.
    for (std::size_t i = 0; i < hardest.size(); i += 97) {
        const double below = std::sqrt(hardest[i]);
        const test::Real root = std::sqrt(static_cast<test::Real>(hardest[i]));
        CHECK(std::abs(std::abs(root - below) * 0x1p53L - 1) < 0x1p-9L);
    }
    CHECK(wrong_roots(hardest, forms<double>().square_root) == 0);
    // Where steps do not take it, its range may be that of the estimate.
    const bool has_range = std::isfinite(forms<double>().least_newton_root);
    const std::vector<int> exponents =
        has_range ? std::vector{-900, -612, -2, 2, 500, 1020} : std::vector{-100, 100};
    for (const int exponent : exponents) {
        std::vector<double> scaled = hardest;
        for (double& a : scaled) a = std::ldexp(a, exponent);
        CHECK(wrong_roots(scaled, forms<double>().square_root) == 0);
    }

    Random random;
    std::vector<double> numbers(4'000'000);
    for (double& a : numbers) a = random.between(1, 4);
    CHECK(wrong_roots(numbers, forms<double>().square_root) == 0);
    for (double& a : numbers)
        a = has_range ? random.size(0x1p-900, std::numeric_limits<double>::max())
                      : random.size(0x1p-100, 0x1p100);
    CHECK(wrong_roots(numbers, forms<double>().square_root) == 0);
}

TEST_CASE("the root by Newton's method is rounded correctly for every float between 1 and 4") {
    if (forms<float>().square_root == nullptr) return;
    std::vector<float> numbers(std::size_t{1} << 24U);
    for (std::size_t i = 0; i < numbers.size(); ++i)
        numbers[i] = std::bit_cast<float>(0x3F80'0000U + static_cast<std::uint32_t>(i));
    REQUIRE(numbers.back() < 4);
    CHECK(wrong_roots(numbers, forms<float>().square_root) == 0);
}

// On AVX-512 in double precision, that is: elsewhere a step takes the processor's.
TEMPLATE_TEST_CASE("the root of a step is the processor's for every number", "", double, float) {
    using Limits = std::numeric_limits<TestType>;
    const NewtonForms<TestType>& newton = forms<TestType>();
    Random random;
    std::vector<TestType> numbers;
    // Alone and beside a lane that needs the processor's root.
    for (const TestType edge : {TestType(0), Limits::denorm_min(), Limits::min() / 2, Limits::min(),
                                Limits::max(), Limits::infinity(), Limits::quiet_NaN(), TestType(1)}) {
        numbers.insert(numbers.end(), kernels::lane_group, edge);
        for (std::size_t i = 0; i < 10 * kernels::lane_group; ++i) {
            const auto any = static_cast<TestType>(random.size(0x1p-120, 0x1p120));
            numbers.push_back(i % 7 == 0 ? edge : any);
        }
    }
    for (int i = 0; i < 1'000'000; ++i)
        numbers.push_back(static_cast<TestType>(
            random.size(static_cast<double>(Limits::denorm_min()), static_cast<double>(Limits::max()))));
    for (const TestType from :
         {newton.least_newton_root, Limits::infinity(), std::max(newton.least_newton_root, TestType(1))}) {
        CHECK(wrong_roots(numbers, [&](std::size_t count, const TestType* a, TestType* roots) {
                  newton.step_root(count, a, roots, from);
              }) == 0);
    }
}

TEMPLATE_TEST_CASE("the quotient by Newton's method is rounded correctly", "", double, float) {
    if (forms<TestType>().divide == nullptr) return;
    const std::size_t count = 4'000'000 / kernels::lane_group * kernels::lane_group;
    const AlignedArray<TestType> a(count);
    const AlignedArray<TestType> b(count);
    const AlignedArray<TestType> quotients(count);
    Random random;
    for (std::size_t i = 0; i < count; ++i) {
        a[i] = static_cast<TestType>(random.between(1, 4));
        b[i] = static_cast<TestType>(random.between(1, 4));
        // Hardest are divisors just below a power of 2.
        if (i % 3 == 0)
            b[i] = 2 - static_cast<TestType>(1 + i % 4096) * std::numeric_limits<TestType>::epsilon();
    }
    forms<TestType>().divide(count, a.data(), b.data(), quotients.data());
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < count; ++i) wrong += quotients[i] == a[i] / b[i] ? 0 : 1;
    CHECK(wrong == 0);
}
