// The mean of each of $rows rows of $columns numbers.
#in = affine_map<(i, j) -> (i, j)>
#out = affine_map<(i, j) -> (i)>
#each = affine_map<(i) -> (i)>
func.func @main(%x: tensor<$rowsx$columnsx$dtype>) -> tensor<$rowsx$dtype> {
  %zero = arith.constant 0.0 : $dtype
  %count = arith.constant $columns.0 : $dtype
  %empty = tensor.empty() : tensor<$rowsx$dtype>
  %init = linalg.fill ins(%zero : $dtype) outs(%empty : tensor<$rowsx$dtype>) -> tensor<$rowsx$dtype>
  %sum = linalg.generic {indexing_maps = [#in, #out], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<$rowsx$columnsx$dtype>) outs(%init : tensor<$rowsx$dtype>) {
  ^bb0(%in: $dtype, %acc: $dtype):
    %next = arith.addf %acc, %in : $dtype
    linalg.yield %next : $dtype
  } -> tensor<$rowsx$dtype>
  %mean = linalg.generic {indexing_maps = [#each, #each], iterator_types = ["parallel"]} ins(%sum : tensor<$rowsx$dtype>) outs(%empty : tensor<$rowsx$dtype>) {
  ^bb0(%in: $dtype, %old: $dtype):
    %next = arith.divf %in, %count : $dtype
    linalg.yield %next : $dtype
  } -> tensor<$rowsx$dtype>
  return %mean : tensor<$rowsx$dtype>
}
