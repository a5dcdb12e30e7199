// Kernels that follow each other are stages of one launch where barriers take less than launches do.
// RUN: xdsl-opt %s -p npu-merge-launches | filecheck %s
// RUN: xdsl-opt %s -p npu-merge-launches{target=ascend310b} | filecheck %s --check-prefix=OTHER

npu.kernel @rows ins(%x: memref<64x64xf32, #npu.scope<global>>) outs(%y: memref<64x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
}
npu.kernel @product ins(%x: memref<64x64xf32, #npu.scope<global>>, %w: memref<64x64xf32, #npu.scope<global>>) outs(%y: memref<64x64xf32, #npu.scope<global>>) on <cube> blocks 1 target "ascend910b1" {
}
npu.kernel @many ins(%x: memref<64x64xf32, #npu.scope<global>>) outs(%y: memref<64x64xf32, #npu.scope<global>>) on <vector> blocks 100 target "ascend910b1" {
}
npu.kernel @steered ins(%i: memref<64xi32, #npu.scope<global>>, %x: memref<64x64xf32, #npu.scope<global>>) outs(%y: memref<64x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %0 = arith.constant 0 : index
  %1 = npu.read %i[%0] : memref<64xi32, #npu.scope<global>> -> i32
}
npu.kernel @places ins(%x: memref<64x64xf32, #npu.scope<global>>) outs(%i: memref<64xi32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
}

// The products need nothing of each other, so they come next to each other, without a barrier.
// CHECK-LABEL: @heads
// CHECK:         %[[K:.*]] = npu.launch @product(%x, %w) : (
// CHECK-NEXT:    %[[Q:.*]] = npu.launch @product(%x, %v) joins <free> : (
// CHECK-NEXT:    %[[S:.*]] = npu.launch @rows(%[[K]]) joins <barrier> : (
// CHECK-NEXT:    %{{.*}} = npu.launch @product(%[[S]], %[[Q]]) joins <barrier> : (
// OTHER-LABEL: @heads
// OTHER:         npu.launch @product
// OTHER-NEXT:    joins <free>
func.func @heads(%x : tensor<64x64xf32>, %w : tensor<64x64xf32>, %v : tensor<64x64xf32>) -> tensor<64x64xf32> {
  %k = npu.launch @product(%x, %w) : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %s = npu.launch @rows(%k) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %q = npu.launch @product(%x, %v) : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %a = npu.launch @product(%s, %q) : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  return %a : tensor<64x64xf32>
}

// Another shape of what a stage writes is what it writes.
// CHECK-LABEL: @reshaped
// CHECK:         npu.launch @rows(%x) : (
// CHECK:         tensor.expand_shape
// CHECK:         npu.launch @rows(%{{.*}}) joins <barrier> : (
func.func @reshaped(%x : tensor<64x64xf32>) -> tensor<64x64xf32> {
  %0 = npu.launch @rows(%x) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = tensor.collapse_shape %0 [[0, 1]] : tensor<64x64xf32> into tensor<4096xf32>
  %2 = tensor.expand_shape %1 [[0, 1]] output_shape [64, 64] : tensor<4096xf32> into tensor<64x64xf32>
  %3 = npu.launch @rows(%2) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  return %3 : tensor<64x64xf32>
}

// Cores wait for each other only if all blocks run at once: 100 blocks do not on 48 cores.
// CHECK-LABEL: @too_many
// CHECK:         npu.launch @rows(%x) : (
// CHECK-NEXT:    npu.launch @many(%{{.*}}) : (
// CHECK-NEXT:    npu.launch @rows(%{{.*}}) : (
func.func @too_many(%x : tensor<64x64xf32>) -> tensor<64x64xf32> {
  %0 = npu.launch @rows(%x) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = npu.launch @many(%0) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %2 = npu.launch @rows(%1) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  return %2 : tensor<64x64xf32>
}

// A scalar unit reads through a cache of its core, which knows what was written before the launch.
// CHECK-LABEL: @indices
// CHECK:         npu.launch @places(%x) : (
// CHECK-NEXT:    npu.launch @steered(%{{.*}}, %x) : (
// CHECK-NEXT:    npu.launch @steered(%i, %{{.*}}) joins <barrier> : (
func.func @indices(%x : tensor<64x64xf32>, %i : tensor<64xi32>) -> tensor<64x64xf32> {
  %0 = npu.launch @places(%x) : (tensor<64x64xf32>) -> tensor<64xi32>
  %1 = npu.launch @steered(%0, %x) : (tensor<64xi32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  %2 = npu.launch @steered(%i, %1) : (tensor<64xi32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  return %2 : tensor<64x64xf32>
}

// What runs on the host comes between two launches.
// CHECK-LABEL: @host
// CHECK:         npu.launch @rows(%x) : (
// CHECK:         npu.launch @rows(%{{.*}}) : (
func.func @host(%x : tensor<64x64xf32>) -> tensor<64x64xf32> {
  %0 = npu.launch @rows(%x) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  %1 = npu.undecided "there" host ins(%0 : tensor<64x64xf32>) -> (tensor<64x64xf32>) {
  ^bb0(%2 : tensor<64x64xf32>):
    npu.yield %2 : tensor<64x64xf32>
  }
  %3 = npu.launch @rows(%1) : (tensor<64x64xf32>) -> tensor<64x64xf32>
  return %3 : tensor<64x64xf32>
}
