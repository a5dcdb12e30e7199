// The cast of a bias along columns is done where the bias is added to rows.
// RUN: xdsl-opt %s -p npu-inline-pointwise | filecheck %s

#rows = affine_map<(d0, d1) -> (d0, d1)>
#columns = affine_map<(d0, d1) -> (d1)>
#id = affine_map<(d0) -> (d0)>

// CHECK-LABEL: func.func @bias(
// CHECK:         %[[SUM:.+]] = linalg.generic
// CHECK-SAME:      ins(%x, %b : tensor<8x64xf32>, tensor<64xf16>)
// CHECK-NEXT:    ^bb0(%[[P:.+]]: f32, %[[Q:.+]]: f16, %{{.*}}: f32):
// CHECK-NEXT:      %[[WIDE:.+]] = arith.extf %[[Q]] : f16 to f32
// CHECK-NEXT:      arith.addf %[[P]], %[[WIDE]] : f32
// CHECK-NOT:     linalg.generic
// CHECK:         func.return %[[SUM]]
func.func @bias(%x: tensor<8x64xf32>, %b: tensor<64xf16>) -> tensor<8x64xf32> {
  %e = tensor.empty() : tensor<64xf32>
  %f = tensor.empty() : tensor<8x64xf32>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%b : tensor<64xf16>) outs(%e : tensor<64xf32>) {
  ^bb0(%in: f16, %out: f32):
    %0 = arith.extf %in : f16 to f32
    linalg.yield %0 : f32
  } -> tensor<64xf32>
  %r = linalg.generic {indexing_maps = [#rows, #columns, #rows], iterator_types = ["parallel", "parallel"]} ins(%x, %wide : tensor<8x64xf32>, tensor<64xf32>) outs(%f : tensor<8x64xf32>) {
  ^bb0(%p: f32, %q: f32, %out: f32):
    %0 = arith.addf %p, %q : f32
    linalg.yield %0 : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}

// Behind an added unit axis as well, and one after the other.

// CHECK-LABEL: func.func @mask(
// CHECK:         linalg.generic
// CHECK-SAME:      ins(%x, %m : tensor<8x64xf32>, tensor<64xi1>)
// CHECK:           %[[NOT:.+]] = arith.xori
// CHECK-NEXT:      %[[ADDED:.+]] = arith.select %[[NOT]]
// CHECK-NEXT:      arith.addf %{{.*}}, %[[ADDED]] : f32
// CHECK-NOT:     linalg.generic
// CHECK:         func.return
#unit = affine_map<(d0, d1) -> (0, d1)>
func.func @mask(%x: tensor<8x64xf32>, %m: tensor<64xi1>) -> tensor<8x64xf32> {
  %true = arith.constant true
  %zero = arith.constant 0.0 : f32
  %low = arith.constant -1.0e+30 : f32
  %e = tensor.empty() : tensor<64xi1>
  %g = tensor.empty() : tensor<1x64xf32>
  %f = tensor.empty() : tensor<8x64xf32>
  %not = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%m : tensor<64xi1>) outs(%e : tensor<64xi1>) {
  ^bb0(%in: i1, %out: i1):
    %0 = arith.xori %in, %true : i1
    linalg.yield %0 : i1
  } -> tensor<64xi1>
  %row = tensor.expand_shape %not [[0, 1]] output_shape [1, 64] : tensor<64xi1> into tensor<1x64xi1>
  %added = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]} ins(%row : tensor<1x64xi1>) outs(%g : tensor<1x64xf32>) {
  ^bb0(%in: i1, %out: f32):
    %0 = arith.select %in, %low, %zero : f32
    linalg.yield %0 : f32
  } -> tensor<1x64xf32>
  %r = linalg.generic {indexing_maps = [#rows, #unit, #rows], iterator_types = ["parallel", "parallel"]} ins(%x, %added : tensor<8x64xf32>, tensor<1x64xf32>) outs(%f : tensor<8x64xf32>) {
  ^bb0(%p: f32, %q: f32, %out: f32):
    %0 = arith.addf %p, %q : f32
    linalg.yield %0 : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}

// What takes long is not done again for every row.

// CHECK-LABEL: func.func @slow(
// CHECK:         linalg.generic
// CHECK:           math.exp
// CHECK:         linalg.generic
func.func @slow(%x: tensor<8x64xf32>, %b: tensor<64xf32>) -> tensor<8x64xf32> {
  %e = tensor.empty() : tensor<64xf32>
  %f = tensor.empty() : tensor<8x64xf32>
  %wide = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel"]} ins(%b : tensor<64xf32>) outs(%e : tensor<64xf32>) {
  ^bb0(%in: f32, %out: f32):
    %0 = math.exp %in : f32
    linalg.yield %0 : f32
  } -> tensor<64xf32>
  %r = linalg.generic {indexing_maps = [#rows, #columns, #rows], iterator_types = ["parallel", "parallel"]} ins(%x, %wide : tensor<8x64xf32>, tensor<64xf32>) outs(%f : tensor<8x64xf32>) {
  ^bb0(%p: f32, %q: f32, %out: f32):
    %0 = arith.addf %p, %q : f32
    linalg.yield %0 : f32
  } -> tensor<8x64xf32>
  return %r : tensor<8x64xf32>
}
