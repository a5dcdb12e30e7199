// A product of integers that is summed in i64 and cut to i32 afterwards is summed in i32.
// RUN: xdsl-opt %s -p npu-narrow-sums | filecheck %s

#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
#id = affine_map<(d0, d1) -> (d0, d1)>

// CHECK-LABEL: func.func @cut(
// CHECK-NOT:     i64
// CHECK:         %[[SUM:.+]] = linalg.generic
// CHECK:           arith.extsi %{{.*}} : i8 to i32
// CHECK:           arith.extsi %{{.*}} : i8 to i32
// CHECK-NEXT:      arith.muli %{{.*}} : i32
// CHECK-NEXT:      arith.addi %{{.*}} : i32
// CHECK:         func.return %[[SUM]] : tensor<4x6xi32>
func.func @cut(%x: tensor<4x8xi8>, %y: tensor<8x6xi8>) -> tensor<4x6xi32> {
  %zero = arith.constant 0 : i64
  %e = tensor.empty() : tensor<4x6xi64>
  %zeros = linalg.fill ins(%zero : i64) outs(%e : tensor<4x6xi64>) -> tensor<4x6xi64>
  %wide = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %y : tensor<4x8xi8>, tensor<8x6xi8>) outs(%zeros : tensor<4x6xi64>) {
  ^bb0(%p: i8, %q: i8, %out: i64):
    %1 = arith.extsi %p : i8 to i64
    %2 = arith.extsi %q : i8 to i64
    %3 = arith.muli %1, %2 : i64
    %4 = arith.addi %out, %3 : i64
    linalg.yield %4 : i64
  } -> tensor<4x6xi64>
  %f = tensor.empty() : tensor<4x6xi32>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]} ins(%wide : tensor<4x6xi64>) outs(%f : tensor<4x6xi32>) {
  ^bb0(%in: i64, %out: i32):
    %1 = arith.trunci %in : i64 to i32
    linalg.yield %1 : i32
  } -> tensor<4x6xi32>
  return %r : tensor<4x6xi32>
}

// The sum itself is returned: all of its bits are needed.

// CHECK-LABEL: func.func @wide(
// CHECK:           arith.addi %{{.*}} : i64
func.func @wide(%x: tensor<4x8xi8>, %y: tensor<8x6xi8>) -> tensor<4x6xi64> {
  %zero = arith.constant 0 : i64
  %e = tensor.empty() : tensor<4x6xi64>
  %zeros = linalg.fill ins(%zero : i64) outs(%e : tensor<4x6xi64>) -> tensor<4x6xi64>
  %wide = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]} ins(%x, %y : tensor<4x8xi8>, tensor<8x6xi8>) outs(%zeros : tensor<4x6xi64>) {
  ^bb0(%p: i8, %q: i8, %out: i64):
    %1 = arith.extsi %p : i8 to i64
    %2 = arith.extsi %q : i8 to i64
    %3 = arith.muli %1, %2 : i64
    %4 = arith.addi %out, %3 : i64
    linalg.yield %4 : i64
  } -> tensor<4x6xi64>
  return %wide : tensor<4x6xi64>
}
